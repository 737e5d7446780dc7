#!/usr/bin/python
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: containers
short_description: Converge the containers of one service on a host
version_added: "0.1.0"
description:
  - Merges each spec with a hardened baseline, compares it with the host in one look, and hands only what differs to M(community.docker.docker_container).
  - New files are tried by the daemon that reads them before they replace the old. Containers that are missing start together, order by order; running ones are
    replaced one at a time; what is no longer stated is removed. Then it waits until everything it started is healthy.
  - It is the one way a container comes to be. Use it through the role C(container).
author: [Slipway (@slipway)]
options:
  environment: {description: Name of the environment., type: str, required: true}
  service: {description: Name of the service., type: str, required: true}
  state_dir: {description: Where the kit keeps what it writes on the host., type: path, required: true}
  specs: {description: What should run; roles/container/README.md lists the keys., type: list, elements: dict}
  baseline: {description: Arguments of docker_container that hold for every container., type: dict, required: true}
  checksum_key: {description: Keys the checksums of file contents., type: str, required: true}
  secrets: {description: Secret values by name; each is replaced by its name in whatever is shown., type: dict}
  run: {description: One spec to run to its end in place of O(specs)., type: dict}
  timeout: {description: Seconds that O(run) may take., type: int, default: 600}
  render_dir: {description: Write what would run below this directory of the control machine and touch no host., type: path}
attributes:
  check_mode: {support: full}
  diff_mode: {support: full}
"""

EXAMPLES = r"""
- name: Run nginx
  ansible.builtin.include_role: {name: container}
  vars: {container_service: nginx, container_specs: []}
"""

RETURN = r"""
plan: {description: What was or would be done., returned: always, type: list, elements: str}
due: {description: Whether there was anything to do or to wait for., returned: without run, type: bool}
disturbs: {description: Whether a container that runs was or would be replaced or reloaded., returned: without run and render_dir, type: bool}
rendered: {description: Files that were written., returned: with render_dir, type: list, elements: str}
status: {description: Exit status of the one-off container., returned: with run, type: int}
output: {description: What it wrote., returned: with run, type: str}
"""
