#!/usr/bin/python
"""Documentation of the action plugin of the same name, which does the work on the control machine."""

from __future__ import annotations

DOCUMENTATION = r"""
module: environment_lock
short_description: Let one run at a time change an environment
version_added: "0.1.0"
description:
  - Writes down on the control machine that this process of ansible-playbook changes the environment, and fails when another that still lives does.
  - The lock ends with the process, however it ends; nothing has to be cleaned up. Runs from different control machines do not see each other.
author: [Slipway (@slipway)]
options:
  environment: {description: The environment's name., type: str, required: true}
  path: {description: The file that says who holds it., type: path, required: true}
attributes:
  check_mode: {support: full, description: Neither looks nor writes.}
  diff_mode: {support: none, description: Changes nothing on a host.}
"""

EXAMPLES = r"""
- name: Hold the environment for this run
  slipway.kit.environment_lock:
    environment: "{{ slipway_env }}"
    path: "{{ slipway_control_dir }}/lock"
"""

RETURN = r""" # """
