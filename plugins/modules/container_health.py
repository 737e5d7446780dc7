#!/usr/bin/python
"""Wait on the host until containers are healthy, or say why they are not."""

from __future__ import annotations

DOCUMENTATION = r"""
module: container_health
short_description: Wait until containers are healthy
version_added: "0.1.0"
description:
  - Waits until every named container runs and, where it has a healthcheck, is healthy. It runs that healthcheck itself between the engine's intervals, so
    that it notices at once.
  - Gives up at once on a container that exited or restarts again and again, else at its timeout, and returns the evidence, which is its last health output
    and its last log lines.
author: [Slipway (@slipway)]
options:
  containers:
    description: The containers to wait for.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Name of the container., type: str, required: true}
      timeout: {description: Seconds to wait., type: int, required: true}
      checked: {description: Whether it has a healthcheck., type: bool, required: true}
  log_lines: {description: How many log lines to return of one that failed., type: int, default: 25}
attributes:
  check_mode: {support: full, description: Changes nothing.}
  diff_mode: {support: none, description: Changes nothing.}
"""

EXAMPLES = r"""
- name: Wait for nginx
  slipway.kit.container_health:
    containers: [{name: local-nginx, timeout: 60, checked: true}]
"""

RETURN = r"""
failed_containers:
  description: Those that did not become healthy, each with name, reason, health_output and log.
  returned: always
  type: list
  elements: dict
seconds: {description: Seconds waited., returned: always, type: float}
"""

import time
import traceback

from ansible_collections.community.docker.plugins.module_utils._api.errors import DockerException, NotFound
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)
from ansible_collections.slipway.kit.plugins.module_utils.container_watch import evidence, passes, verdict


def main():
    options = {
        "name": {"type": "str", "required": True},
        "timeout": {"type": "int", "required": True},
        "checked": {"type": "bool", "required": True},
    }
    client = AnsibleDockerClient(
        argument_spec={
            "containers": {"type": "list", "elements": "dict", "required": True, "options": options},
            "log_lines": {"type": "int", "default": 25},
        },
        supports_check_mode=True,
        min_docker_api_version="1.41",
    )
    module = client.module
    lines = module.params["log_lines"]
    pending = {entry["name"]: entry for entry in module.params["containers"]}
    failed = []
    begin = time.monotonic()
    try:
        while pending:
            for name, entry in list(pending.items()):
                try:
                    found = client.get_json("/containers/{0}/json", name)
                    said = verdict(found["State"], found.get("RestartCount", 0), entry["checked"])
                    if not said and found["State"]["Status"] == "running":
                        passed, entry["output"] = passes(client, name, found["Config"]["Healthcheck"])
                        said = "healthy" if passed else ""
                except NotFound:
                    said = "is gone"
                if not said and time.monotonic() - begin > entry["timeout"]:
                    said = f"not healthy after {entry['timeout']} s"
                if said:
                    del pending[name]
                if said not in ("", "healthy"):
                    failed.append(evidence(client, name, said, entry.get("output", ""), lines))
            if pending:
                time.sleep(0.25)
        module.exit_json(changed=False, failed_containers=failed, seconds=round(time.monotonic() - begin, 1))
    except (DockerException, RequestException) as error:
        module.fail_json(msg=f"The container engine did not answer: {error}", exception=traceback.format_exc())


if __name__ == "__main__":
    main()
