#!/usr/bin/python
"""Read and write one key of the environment's etcd, from the host of a member."""

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_key
short_description: Read, write and delete keys of the environment's etcd
version_added: "0.1.0"
description:
  - Runs C(etcdctl) in the container of a member, which has the certificate for it. Values are JSON.
  - A key is written or deleted only while it is at O(revision); otherwise nothing happens and what stands there is returned.
author: [Slipway (@slipway)]
options:
  container: {description: The container of a member of etcd., type: str, required: true}
  key: {description: The key. With O(state=read) every key that begins so., type: str, required: true}
  state: {description: What to do., type: str, choices: [present, absent, read], default: present}
  value: {description: The value., type: dict}
  revision: {description: The revision at which the key has to be; 0 when it must not exist; -1 for any., type: int, default: -1}
  ttl: {description: Seconds after which the key vanishes by itself; 0 for never., type: int, default: 0}
  also: {description: "Keys that are written in the same transaction, for good; key to value.", type: dict, default: {}}
  keep: {description: "Of keys that begin so, as many as stated are kept, the last by name; beginning to number.", type: dict, default: {}}
attributes:
  check_mode: {support: partial, description: Reads only.}
  diff_mode: {support: none}
"""

EXAMPLES = r"""
- name: Read what was rolled out
  slipway.kit.etcd_key:
    container: local-etcd
    key: /slipway/devicehub/history/
    state: read
"""

RETURN = r"""
done: {description: Whether the key was at the revision and was written or deleted., returned: always, type: bool}
found:
  description: What was read, or what stands there where nothing was done; each with key, value and revision.
  returned: always
  type: list
  elements: dict
revision: {description: The revision of the key after it was written., returned: always, type: int}
kept: {description: What is left of the keys that O(keep) names; each with key, value and revision., returned: with keep, type: list, elements: dict}
"""

import base64
import json
import traceback

from ansible_collections.community.docker.plugins.module_utils._api.errors import DockerException
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)
from ansible_collections.slipway.kit.plugins.module_utils.engine_exec import run


def encoded(value):
    """JSON as one word, which needs no quoting on its way through etcdctl."""
    return base64.b64encode(json.dumps(value, sort_keys=True).encode()).decode()


def entries(answer):
    """Keys, values and revisions out of what etcdctl writes as JSON."""
    return [
        {
            "key": base64.b64decode(entry["key"]).decode(),
            "value": json.loads(base64.b64decode(base64.b64decode(entry["value"]))),
            "revision": entry["mod_revision"],
        }
        for entry in answer.get("kvs", [])
    ]


class Etcd:
    def __init__(self, module, client):
        self.module = module
        self.client = client

    def control(self, *words, text=""):
        outcome = run(self.client, self.module.params["container"], ["etcdctl", "--write-out=json", *words], text)
        if outcome.status != 0:
            said = (outcome.errors or outcome.output).strip().splitlines() or ["nothing"]
            self.module.fail_json(
                msg=f"etcd in {self.module.params['container']} refused {words[0]}: {said[-1]}."
                " Mend: look at its health (docker exec … etcdctl endpoint health), or run playbooks/data.yml."
            )
        return json.loads(outcome.output)

    def transaction(self, operation):
        """The operation while the key is at its revision, otherwise a look at it."""
        key, revision = self.module.params["key"], self.module.params["revision"]
        condition = f'mod("{key}") = "{revision}"\n' if revision >= 0 else ""
        also = "".join(f"put {other} {encoded(value)}\n" for other, value in self.module.params["also"].items())
        answer = self.control("txn", text=f"{condition}\n{operation}\n{also}\nget {key}\n\n")
        found = [
            entry
            for part in answer.get("responses", [])
            for entry in entries(part["Response"].get("response_range", {}))
        ]
        return bool(answer.get("succeeded")), found, answer["header"]["revision"]

    def prune(self):
        """Keys that begin as stated and are beyond their number go, the first by name first."""
        kept = []
        for beginning, count in self.module.params["keep"].items():
            found = sorted(entries(self.control("get", "--prefix", beginning)), key=lambda entry: entry["key"])
            for entry in found[: -int(count)]:
                self.control("del", entry["key"])
            kept += found[-int(count) :]
        return kept


def main():
    client = AnsibleDockerClient(
        argument_spec={
            "container": {"type": "str", "required": True},
            "key": {"type": "str", "required": True, "no_log": False},
            "state": {"type": "str", "choices": ["present", "absent", "read"], "default": "present"},
            "value": {"type": "dict"},
            "revision": {"type": "int", "default": -1},
            "ttl": {"type": "int", "default": 0},
            "also": {"type": "dict", "default": {}},
            "keep": {"type": "dict", "default": {}, "no_log": False},
        },
        supports_check_mode=True,
        min_docker_api_version="1.41",
    )
    module = client.module
    params = module.params
    etcd = Etcd(module, client)
    try:
        if params["state"] == "read" or module.check_mode:
            found = entries(etcd.control("get", "--prefix", params["key"]))
            module.exit_json(changed=False, done=False, found=found, revision=0)
        operation = f"del {params['key']}"
        if params["state"] == "present":
            lease = f" --lease={etcd.control('lease', 'grant', str(params['ttl']))['ID']:x}" if params["ttl"] else ""
            operation = f"put {params['key']} {encoded(params['value'])}{lease}"
        done, found, revision = etcd.transaction(operation)
        module.exit_json(changed=done, done=done, found=found, revision=revision, kept=etcd.prune())
    except (DockerException, RequestException) as error:
        module.fail_json(msg=f"The container engine did not answer: {error}", exception=traceback.format_exc())


if __name__ == "__main__":
    main()
