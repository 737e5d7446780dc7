#!/usr/bin/python
"""Which certificates of the environment are due to be issued, and what is there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_state
short_description: Say which certificates are due to be issued, and why
version_added: "0.1.0"
description:
  - Reads certificates and keys in a directory of the control machine and compares them with those that are wanted. Changes nothing.
  - A certificate is due when it or its key is missing or unreadable, when others could read the key, when its names or purposes are not those that are wanted,
    when another authority issued it, and when too few days are left.
  - RV(pki) has private keys; the task needs C(no_log).
author: [Slipway (@slipway)]
requirements: [cryptography >= 40]
options:
  directory: {description: "Where C(NAME.crt) and C(NAME.key) are; the authority is C(ca)", type: path, required: true}
  authority_name: {description: Common name of the authority., type: str, required: true}
  renew_days: {description: A certificate is due when fewer days are left., type: int, default: 30}
  authority_renew_days: {description: The authority is due when fewer days are left., type: int, default: 365}
  certificates:
    description: The certificates that are wanted.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Name of its files., type: str, required: true}
      common_name: {description: Common name., type: str, required: true}
      dns: {description: Host names., type: list, elements: str, default: []}
      ip: {description: Addresses., type: list, elements: str, default: []}
      client: {description: Whether it is good for a client., type: bool, default: false}
      server: {description: Whether it is good for a server., type: bool, default: true}
attributes:
  check_mode: {support: full, description: Changes nothing.}
  diff_mode: {support: none, description: Changes nothing.}
"""

EXAMPLES = r"""
- name: Ask which certificates are due
  slipway.kit.certificate_state:
    directory: /home/me/.local/state/slipway/local/pki
    authority_name: Slipway local
    certificates:
      - {name: nginx, common_name: nginx, dns: [www.example.org]}
  delegate_to: localhost
  run_once: true
  no_log: true
  register: state
"""

RETURN = r"""
ca: {description: Why the authority is due to be made; empty when it is not., returned: always, type: str}
due: {description: Those of O(certificates) that are due; each with a C(reason)., returned: always, type: list, elements: dict}
pki:
  description: By name C(certificate), C(key) and C(not_after); of C(ca) only the certificate. Texts in brackets stand for what is not issued yet.
  returned: always
  type: dict
"""

import traceback
from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    from ansible_collections.slipway.kit.plugins.module_utils.certificate_files import certificate_state
except ImportError:
    certificate_state = None  # type: ignore[assignment]
    IMPORT_TROUBLE = traceback.format_exc()


def main():
    leaf = {
        "name": {"type": "str", "required": True},
        "common_name": {"type": "str", "required": True},
        "dns": {"type": "list", "elements": "str", "default": []},
        "ip": {"type": "list", "elements": "str", "default": []},
        "client": {"type": "bool", "default": False},
        "server": {"type": "bool", "default": True},
    }
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "authority_name": {"type": "str", "required": True},
            "renew_days": {"type": "int", "default": 30},
            "authority_renew_days": {"type": "int", "default": 365},
            "certificates": {"type": "list", "elements": "dict", "required": True, "options": leaf},
        },
        supports_check_mode=True,
    )
    if certificate_state is None:
        module.fail_json(msg=missing_required_lib("cryptography >= 40"), exception=IMPORT_TROUBLE)
    given = module.params
    state = certificate_state(
        given["directory"],
        given["certificates"],
        given["authority_name"],
        given["renew_days"],
        given["authority_renew_days"],
        datetime.now(timezone.utc),
    )
    module.exit_json(changed=False, **state)


if __name__ == "__main__":
    main()
