#!/usr/bin/python
"""What really runs on a host of an environment, and with which settings."""

from __future__ import annotations

DOCUMENTATION = r"""
module: live_state
short_description: Report the containers of an environment on a host, and what their programs say of themselves
version_added: "0.1.0"
description:
  - Returns what the engine says of every container of the environment, and asks nginx, Postgres, Redis, Sentinel and etcd in them for the
    settings that are in force. Changes nothing.
  - What it returns may hold secrets; M(slipway.kit.containers) keeps them out of docker inspect, a person may not have. Use no_log.
author: [Slipway (@slipway)]
options:
  environment: {description: Name of the environment., type: str, required: true}
  images: {description: Image references to resolve to ids., type: list, elements: str, default: []}
attributes:
  check_mode: {support: full, description: Changes nothing.}
  diff_mode: {support: none, description: Changes nothing.}
"""

EXAMPLES = r"""
- name: Look at what runs
  slipway.kit.live_state:
    environment: local
  register: live
  no_log: true
"""

RETURN = r"""
containers: {description: What docker inspect says of each container of the environment., returned: always, type: list, elements: dict}
images: {description: Image id by reference; absent references are missing., returned: always, type: dict}
effective:
  description: By service, what its programs say of themselves; nginx, postgres, roles, redis and etcd, as far as they run here; and C(firewall), port to those let in.
  returned: always
  type: dict
"""

import json
import traceback

from ansible_collections.community.docker.plugins.module_utils._api.errors import DockerException
from ansible_collections.community.docker.plugins.module_utils._api.utils.utils import convert_filters
from ansible_collections.community.docker.plugins.module_utils.common_api import AnsibleDockerClient, RequestException
from ansible_collections.slipway.kit.plugins.module_utils.container_spec import LABEL_ENVIRONMENT, LABEL_SERVICE
from ansible_collections.slipway.kit.plugins.module_utils.engine_exec import run
from ansible_collections.slipway.kit.plugins.module_utils.engine_images import image_ids
from ansible_collections.slipway.kit.plugins.module_utils.firewall import doors_in_force, firewall_table

PSQL = ["psql", "-X", "-A", "-t", "-q", "-h", "/run/postgresql", "-U", "postgres", "-c"]
SETTINGS = "SELECT name || '=' || setting FROM pg_settings"
ROLES = """
SELECT rolname || '=' || concat_ws(' ',
    CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreaterole THEN 'createrole' END,
    CASE WHEN rolcreatedb THEN 'createdb' END, CASE WHEN rolreplication THEN 'replication' END,
    CASE WHEN rolbypassrls THEN 'bypassrls' END)
FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%'
"""


def pairs(text):
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def nginx(client, name):
    answer = run(client, name, ["nginx", "-e", "/dev/stderr", "-T", "-q", "-g", "pid /tmp/nginx-test.pid;"])
    if answer.status:
        return {"test": answer.errors.strip() or "refused"}
    text = [" ".join(line.split()).rstrip(";") for line in answer.output.splitlines()]
    found = {"test": "ok"}
    for switch in ("server_tokens off", "ssl_session_tickets off"):
        found[switch] = "yes" if switch in text else "no"
    stated = [line.partition(" ")[2] for line in text if line.startswith("ssl_protocols ")]
    found["ssl_protocols"] = stated[0] if stated else ""
    return found


def redis(client, name, inspected):
    # The healthcheck knows the port.
    port = (inspected["Config"].get("Healthcheck") or {}).get("Test", ["6379"])[-1]
    command = ["redis-cli", "--tls", "--cacert", "/run/secrets/ca.crt", "-h", "127.0.0.1", "-p", port, "ping"]
    answer = run(client, name, command)
    return (answer.output + answer.errors).strip()


def etcd(client, name):
    command = [
        "env",
        "-u",
        "ETCDCTL_CERT",
        "-u",
        "ETCDCTL_KEY",
        "etcdctl",
        "--command-timeout=3s",
        "endpoint",
        "health",
    ]
    return {"without a certificate": "refused" if run(client, name, command).status else "accepted"}


def firewall(module):
    program = module.get_bin_path("nft")
    if not program:
        return {}
    table = firewall_table(module.params["environment"])
    status, output, _ = module.run_command([program, "--json", "list", "chain", "inet", table, "doors"])
    return {} if status else doors_in_force(json.loads(output))


def effective(client, containers):
    found = {"firewall": firewall(client.module)}
    for inspected in containers:
        if inspected["State"]["Status"] != "running":
            continue
        name = inspected["Name"].lstrip("/")
        service = (inspected["Config"].get("Labels") or {}).get(LABEL_SERVICE, "")
        if service == "nginx":
            found["nginx"] = nginx(client, name)
        elif service == "postgres":
            found["postgres"] = pairs(run(client, name, [*PSQL, SETTINGS]).output)
            found["roles"] = pairs(run(client, name, [*PSQL, ROLES]).output)
        elif service == "redis":
            found.setdefault("redis", {})[name] = redis(client, name, inspected)
        elif service == "etcd":
            found["etcd"] = etcd(client, name)
    return found


def main():
    client = AnsibleDockerClient(
        argument_spec={
            "environment": {"type": "str", "required": True},
            "images": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        label = f"{LABEL_ENVIRONMENT}={client.module.params['environment']}"
        listed = client.get_json("/containers/json", params={"all": 1, "filters": convert_filters({"label": label})})
        containers = [client.get_json("/containers/{0}/json", entry["Id"]) for entry in listed]
        client.module.exit_json(
            changed=False,
            containers=containers,
            images=image_ids(client, client.module.params["images"]),
            effective=effective(client, containers),
        )
    except DockerException as error:
        client.fail(f"the container engine refused: {error}", exception=traceback.format_exc())
    except RequestException as error:
        client.fail(f"the container engine does not answer: {error}", exception=traceback.format_exc())


if __name__ == "__main__":
    main()
