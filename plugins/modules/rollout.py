#!/usr/bin/python
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout
short_description: Exchange the replicas of a service without a gap
version_added: "0.1.0"
description:
  - One phase on one host. The caller orders phases and hosts (roles/app does), so that no two hosts exchange replicas at once.
  - Takes the arguments of M(slipway.kit.containers) as well.
author: [Slipway (@slipway)]
options:
  phase:
    description:
      - V(plan) compares. It returns what would be done, whether anything is due, and whether a release is.
      - V(once) runs the one-off containers O(once), each to its end, up to the first that fails.
      - V(replicas) starts what is missing and exchanges what differs, one at a time, each beside its predecessor, which stays, stopped. When one fails, those
        before it become their predecessors again.
      - V(back) has every predecessor that is still there take its place again.
      - V(settle) removes predecessors, what is no longer stated, and files that nobody reads any more.
    type: str
    choices: [plan, once, replicas, back, settle]
    required: true
  once:
    description: The one-off containers of a version, in order; keys spec, key, title, timeout. Empty ones do not count.
    type: list
    elements: dict
  entered: {description: For V(back), replicas that had no predecessor., type: list, elements: str}
  router: {description: Volume of the router's control socket and the network of the replicas, for replicas that are no longer stated., type: dict}
attributes:
  check_mode: {support: partial, description: Only V(plan) is for check mode.}
  diff_mode: {support: full}
"""

EXAMPLES = r"""
- name: Compare
  ansible.builtin.include_role: {name: container, tasks_from: rollout}
  vars: {container_phase: plan, container_service: app-devicehub, container_specs: []}
"""

RETURN = r"""
plan: {description: What would be done, returned: with phase plan, type: list, elements: str}
due: {description: Whether anything would be, returned: with phase plan, type: bool}
release_due: {description: Whether no container of this host belongs to the release yet., returned: with phase plan, type: bool}
images: {description: Image id by reference., returned: with phase plan, type: dict}
services: {description: Every service of the environment that has a container on the host., returned: with phase plan, type: list, elements: str}
ok: {description: Whether all went well., returned: with phases once and replicas, type: bool}
step: {description: What failed., returned: when not ok, type: str}
served: {description: Whether anything ran here before., returned: when phase replicas is not ok, type: bool}
problem: {description: Why, with the container's last words., returned: when not ok, type: str}
said: {description: What the one-off containers wrote., returned: with phase once, type: str}
entered: {description: Replicas that are new., returned: with phase replicas, type: list, elements: str}
progress: {description: A line for each step, with its times., returned: after a phase that does something, type: list, elements: str}
"""
