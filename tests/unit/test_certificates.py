"""Which certificates are wanted, and which of those that are there are due."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.certificate_files import certificate_state
from ansible_collections.slipway.kit.plugins.module_utils.certificates import certificate_markers, required_certificates
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
SHOP = {"domains": ["shop.test"], "database": {}, "redis": {"cache": {"kind": "cache"}}}
TOPOLOGY = {"edge": ["n1"], "app": ["n1"], "postgres": ["n1", "n.2"], "redis": ["n1"], "consensus": ["n1"]}


def by_name() -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in required_certificates(TOPOLOGY, {"shop": SHOP}, {})}


def test_each_member_of_each_service_has_one() -> None:
    assert list(by_name()) == [
        "etcd-n1",
        "patroni",
        "postgres-n1",
        "postgres-n-2",
        "pgbouncer-shop",
        "redis-shop-cache-n1",
        "sentinel-n1",
        "nginx",
    ]


def test_they_carry_the_names_under_which_clients_ask() -> None:
    found = by_name()
    assert found["postgres-n-2"]["dns"] == ["postgres-n-2", "db", "localhost"]
    assert found["redis-shop-cache-n1"]["dns"] == ["redis-shop-cache-n1", "redis", "localhost"]
    assert found["pgbouncer-shop"]["dns"] == ["pgbouncer", "localhost"]
    assert found["nginx"]["dns"] == ["shop.test", "localhost"]
    assert found["nginx"]["ip"] == ["127.0.0.1"]


def test_only_etcd_and_patroni_are_clients_and_patroni_is_no_server() -> None:
    found = by_name()
    assert [name for name, entry in found.items() if entry["client"]] == ["etcd-n1", "patroni"]
    assert [name for name, entry in found.items() if not entry["server"]] == ["patroni"]
    assert found["patroni"]["common_name"] == "root"


def test_a_registry_is_known_by_its_address() -> None:
    topology = {**TOPOLOGY, "registry": ["n1"]}
    found = {entry["name"]: entry for entry in required_certificates(topology, {}, {"n1": "10.0.0.1"})}
    assert found["registry"]["ip"] == ["127.0.0.1", "10.0.0.1"]
    assert not found["registry"]["client"]
    assert "registry" not in by_name()


def test_markers_stand_for_certificates() -> None:
    markers = certificate_markers(list(by_name().values()))
    assert markers["nginx"]["key"] == "[key nginx]"
    assert markers["ca"] == {"certificate": "[certificate ca]"}


class Authority:
    """Issues certificates into a directory."""

    def __init__(self, directory: Path, name: str = "Slipway test", days: int = 3650) -> None:
        self.directory, self.name = directory, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.write("ca", self.key, self.build(name, self.key, days, []))

    def build(
        self, common_name: str, key: ec.EllipticCurvePrivateKey, days: int, extensions: list[x509.ExtensionType]
    ) -> x509.Certificate:
        def named(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        builder = x509.CertificateBuilder(
            named(self.name), named(common_name), key.public_key(), x509.random_serial_number()
        )
        builder = builder.not_valid_before(NOW - datetime.timedelta(days=1)).not_valid_after(
            NOW + datetime.timedelta(days=days)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def write(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        encoding = serialization.Encoding.PEM
        (self.directory / f"{name}.crt").write_bytes(certificate.public_bytes(encoding))
        path = self.directory / f"{name}.key"
        path.unlink(missing_ok=True)
        path.write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        path.chmod(0o400)

    def issue(self, wanted: dict[str, Any], days: int = 90) -> None:
        purposes = [
            usage
            for usage, asked in (
                (ExtendedKeyUsageOID.CLIENT_AUTH, wanted["client"]),
                (ExtendedKeyUsageOID.SERVER_AUTH, wanted["server"]),
            )
            if asked
        ]
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in wanted["dns"]]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in wanted["ip"]]
        key = ec.generate_private_key(ec.SECP256R1())
        extensions: list[x509.ExtensionType] = [x509.ExtendedKeyUsage(purposes)]
        if names:
            extensions.append(x509.SubjectAlternativeName(names))
        self.write(wanted["name"], key, self.build(wanted["common_name"], key, days, extensions))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    issued = Authority(tmp_path)
    for entry in by_name().values():
        issued.issue(entry)
    return issued


def state(authority: Authority, **changes: Any) -> dict[str, Any]:
    wanted = changes.pop("wanted", list(by_name().values()))
    return certificate_state(str(authority.directory), wanted, changes.pop("name", "Slipway test"), 30, 365, NOW)


def due(authority: Authority, **changes: Any) -> dict[str, str]:
    return {entry["name"]: entry["reason"] for entry in state(authority, **changes)["due"]}


def test_nothing_is_due_where_all_is_fresh(authority: Authority) -> None:
    found = state(authority)
    assert (found["ca"], found["due"]) == ("", [])
    assert found["pki"]["nginx"]["key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert found["pki"]["nginx"]["not_after"].startswith("2030-04-01")
    assert list(found["pki"]["ca"]) == ["certificate"]


def test_an_empty_directory_lacks_everything(tmp_path: Path) -> None:
    found = certificate_state(str(tmp_path / "none"), list(by_name().values()), "Slipway test", 30, 365, NOW)
    assert found["ca"] == "not issued yet"
    assert len(found["due"]) == len(by_name())
    assert found["pki"]["nginx"]["key"] == "[key nginx: not issued yet]"


def test_one_that_ends_soon_is_due_alone(authority: Authority) -> None:
    authority.issue(by_name()["nginx"], days=29)
    assert due(authority) == {"nginx": "29 days are left"}


def test_one_with_other_names_is_due(authority: Authority) -> None:
    wanted = required_certificates(TOPOLOGY, {"shop": {**SHOP, "domains": ["shop.test", "www.shop.test"]}}, {})
    assert due(authority, wanted=wanted) == {"nginx": "its names changed"}


def test_one_with_other_purposes_is_due(authority: Authority) -> None:
    authority.issue({**by_name()["nginx"], "client": True})
    assert due(authority) == {"nginx": "its purposes changed"}


def test_one_of_another_authority_is_due(authority: Authority, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = Authority(elsewhere)
    other.directory = authority.directory
    other.issue(by_name()["nginx"])
    assert due(authority) == {"nginx": "another authority issued it"}


def test_trouble_with_files_is_due(authority: Authority) -> None:
    directory = authority.directory
    (directory / "nginx.key").unlink()
    (directory / "patroni.key").chmod(0o444)
    (directory / "etcd-n1.crt").write_text("no certificate")
    (directory / "sentinel-n1.crt").write_bytes((directory / "postgres-n1.crt").read_bytes())
    assert due(authority) == {
        "nginx": "its key is gone",
        "patroni": "its key could be read by others",
        "etcd-n1": "it cannot be read",
        "sentinel-n1": "its key belongs to another certificate",
    }


@pytest.mark.parametrize(
    ("days", "name", "reason"), [(300, "Slipway test", "300 days are left"), (3650, "Slipway prod", "its name changed")]
)
def test_with_a_new_authority_everything_is_due(tmp_path: Path, days: int, name: str, reason: str) -> None:
    aged = Authority(tmp_path, days=days)
    for entry in by_name().values():
        aged.issue(entry)
    found = state(aged, name=name)
    assert found["ca"] == reason
    assert {entry["reason"] for entry in found["due"]} == {"the authority is new"}
    assert len(found["due"]) == len(by_name())
