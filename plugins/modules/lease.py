#!/usr/bin/python
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lease
short_description: Let one rollout of an application happen at a time
version_added: "0.1.0"
description:
  - Holds a key in the environment's etcd, C(/slipway/APPLICATION/lease), which says who changes the application, why and since when, and which vanishes
    by itself when it is not put anew in time. It works from any control machine.
  - Whoever finds it held waits, or fails with the holder's name. A holder on the same control machine whose process has ended is no holder.
author: [Slipway (@slipway)]
options:
  container: {description: The container of a member of etcd on the host., type: str, required: true}
  application: {description: The application's name., type: str, required: true}
  purpose: {description: What is being done., type: str}
  ttl: {description: Seconds after which it ends by itself., type: int}
  wait: {description: Seconds to wait for another holder to end., type: int, default: 0}
  state: {description: What to do., type: str, choices: [held, released], default: held}
  revision: {description: What holding it returned; needed to renew and to release it., type: int}
  record: {description: "The entry of the history that is written with it; its key C(began) names it. Holding adds C(who).", type: dict}
  keep: {description: Entries of the history that are kept; needed to release it., type: int}
attributes:
  check_mode: {support: full, description: Neither looks nor writes.}
  diff_mode: {support: none, description: Changes nothing that a diff could show.}
"""

EXAMPLES = r"""
- name: Hold the application
  slipway.kit.lease: {container: local-etcd, application: devicehub, purpose: version 1.1.0, ttl: 300}
  register: held
"""

RETURN = r"""
revision: {description: Names this hold., returned: when held, type: int}
who: {description: User and control machine., returned: when held, type: str}
history: {description: The entries of the history., returned: when released, type: list, elements: dict}
"""
