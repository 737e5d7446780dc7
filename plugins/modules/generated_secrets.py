#!/usr/bin/python
"""Make up the secrets that are missing, once, and keep them in a file."""

from __future__ import annotations

DOCUMENTATION = r"""
module: generated_secrets
short_description: Make up missing secrets once and keep them in a file
version_added: "0.1.0"
description:
  - Reads a file of secrets on the control machine and adds those that are missing. A value that is there is never changed, nor is a name taken out.
  - The file is replaced atomically, has mode 0600, and two runs at once wait for each other.
  - RV(secrets) has the values; the task needs C(no_log).
author: [Slipway (@slipway)]
requirements: [PyYAML]
options:
  path: {description: "The file; YAML, one C(name: value) a line", type: path, required: true}
  wanted: {description: "Name to C({length: …}). Values are letters and digits, safe in URLs and in every configuration file", type: dict, required: true}
attributes:
  check_mode: {support: full, description: Says what would be added; texts in brackets stand for the values.}
  diff_mode: {support: none, description: A difference would show values.}
"""

EXAMPLES = r"""
- name: Make up the missing secrets
  slipway.kit.generated_secrets:
    path: /home/me/.local/state/slipway/local/secrets.yml
    wanted: {postgres/replication: {length: 40}}
  delegate_to: localhost
  run_once: true
  no_log: true
  register: generated
"""

RETURN = r"""
added: {description: Names that were added., returned: always, type: list, elements: str}
secrets: {description: Name to value of all that is wanted., returned: always, type: dict}
"""

import fcntl
import os
import secrets
import string
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    import yaml
except ImportError:
    yaml = None  # type: ignore[assignment]

ALPHABET = string.ascii_letters + string.digits
HEADER = "# Secrets that were made up for this environment. Keep this file: what it opens cannot be opened without it.\n---\n"


def make_up(length):
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def read(path):
    """Name to value; raises ValueError without the file's text, which is secret."""
    try:
        with open(path, encoding="utf-8") as stream:
            held = yaml.safe_load(stream)
    except FileNotFoundError:
        return {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = " in line %d" % (mark.line + 1) if mark else ""
        raise ValueError("it is not YAML%s" % place) from None
    if held is None:
        return {}
    if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
        raise ValueError("it is not a mapping of names to texts")
    return held


def write(path, held):
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".secrets-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(HEADER + yaml.safe_dump(held, default_flow_style=False, sort_keys=True, width=1000))
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def converge(path: str, wanted: dict[str, dict[str, Any]], check_mode: bool) -> tuple[list[str], dict[str, str]]:
    """Add what is missing; return the names that were added, and all values that are wanted."""
    held = read(path)
    added = sorted(name for name in wanted if name not in held)
    if check_mode:
        fresh = {name: "[secret %s: not made up yet]" % name for name in added}
    else:
        fresh = {name: make_up(int(wanted[name]["length"])) for name in added}
    values = {**held, **fresh}
    if added and not check_mode:
        write(path, values)
    return added, {name: values[name] for name in wanted}


def main():
    module = AnsibleModule(
        argument_spec={"path": {"type": "path", "required": True}, "wanted": {"type": "dict", "required": True}},
        supports_check_mode=True,
    )
    if yaml is None:
        module.fail_json(msg=missing_required_lib("PyYAML"))
    path, wanted = module.params["path"], module.params["wanted"]
    try:
        if module.check_mode:
            added, values = converge(path, wanted, True)
        else:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(path + ".lock", "a", encoding="utf-8") as guard:
                fcntl.flock(guard, fcntl.LOCK_EX)
                added, values = converge(path, wanted, False)
    except ValueError as error:
        module.fail_json(
            msg="%s: %s. Mend: correct it, or put its last copy back; nothing was written." % (path, error)
        )
    except OSError as error:
        module.fail_json(msg="%s: %s. Mend: make it accessible to the user who runs Ansible." % (path, error.strerror))
    module.exit_json(changed=bool(added), added=added, secrets=values)


if __name__ == "__main__":
    main()
