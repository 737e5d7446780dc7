"""Which certificates an environment needs: who shows each, under which names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .shapes import entries, maps, texts
from .topology import dns_label

LOOPBACK = "127.0.0.1"


def _certificate(
    name: str, dns: Iterable[str], *, ip: Iterable[str] = (), common_name: str = "", client: bool = False
) -> dict[str, Any]:
    names = list(dict.fromkeys(dns))
    return {
        "name": name,
        "common_name": common_name or name,
        "dns": names,
        "ip": [*([LOOPBACK] if "localhost" in names else []), *ip],
        "client": client,
        "server": bool(names),
    }


def required_certificates(
    topology: Mapping[str, Sequence[str]], applications: Mapping[str, Any], addresses: Mapping[str, str]
) -> list[dict[str, Any]]:
    """``{name, common_name, dns, ip, client, server}`` of each certificate.

    Only etcd's members and Patroni get certificates that are good for a client, for etcd believes every such
    certificate of this authority; that of Patroni carries the name of etcd's user.
    """
    contracts = entries(applications)
    wanted = []

    def member(prefix: str, host: str, *also: str, client: bool = False) -> None:
        name = f"{prefix}-{dns_label(host)}"
        wanted.append(_certificate(name, [name, *also, "localhost"], client=client))

    for host in topology.get("consensus", []):
        member("etcd", host, client=True)
    wanted.append(_certificate("patroni", [], common_name="root", client=True))
    for host in topology.get("postgres", []):
        member("postgres", host, "db")
    # Routers speak to each other where several hosts serve.
    if len({*topology.get("app", []), *topology.get("edge", [])}) > 1:
        for host in topology.get("app", []):
            member("router", host)
    # Engines know a registry by its address.
    registries = topology.get("registry", [])
    if registries:
        where = [addresses[host] for host in registries if host in addresses]
        wanted.append(_certificate("registry", ["registry", "localhost"], ip=where))
    for application, contract in contracts.items():
        if contract.get("database") is not None:
            wanted.append(_certificate(f"pgbouncer-{application}", ["pgbouncer", "localhost"]))
        for service in maps(contract, "redis"):
            for host in topology.get("redis", []):
                member(f"redis-{application}-{service}", host, "redis")
    for host in topology.get("redis", []):
        member("sentinel", host, "sentinel")
    domains = [domain for contract in contracts.values() for domain in texts(contract.get("domains"))]
    wanted.append(_certificate("nginx", [*domains, "localhost"]))
    return wanted


def certificate_markers(wanted: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """What stands in the place of certificates and keys in rendered documents."""
    markers = {
        entry["name"]: {
            "certificate": f"[certificate {entry['name']}]",
            "key": f"[key {entry['name']}]",
            "not_after": "[not after]",
        }
        for entry in wanted
    }
    return {**markers, "ca": {"certificate": "[certificate ca]"}}
