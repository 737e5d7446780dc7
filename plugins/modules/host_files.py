#!/usr/bin/python
"""Write and delete files on a host in one call, each atomically."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_files
short_description: Write and delete many files in one call
version_added: "0.1.0"
description:
  - Writes each file to a temporary name beside it and renames it, so that a reader sees the old or the new content and nothing between.
  - Makes missing directories below O(root) with the owner of the file; nothing outside O(root) is touched.
author: [Slipway (@slipway)]
options:
  root: {description: Everything happens below this directory. It is made (mode 0711) when missing., type: path, required: true}
  files:
    description: Files to write.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Absolute path below O(root)., type: path, required: true}
      content: {description: The text., type: str, required: true}
      mode: {description: Octal mode., type: str, required: true}
      uid: {description: Owner., type: int, required: true}
      gid: {description: Group., type: int, required: true}
  absent: {description: Files or directories below O(root) to delete., type: list, elements: path, default: []}
attributes:
  check_mode: {support: full}
  diff_mode: {support: none, description: The caller shows the difference; contents may be secret.}
"""

EXAMPLES = r"""
- name: Put the configuration on the host
  slipway.kit.host_files:
    root: /var/lib/slipway/local/files
    files:
      - {path: /var/lib/slipway/local/files/local-nginx/etc/nginx/nginx.conf, content: "…", mode: "0444", uid: 10060, gid: 10060}
"""

RETURN = r"""
written: {description: Paths that were written., returned: always, type: list, elements: str}
deleted: {description: Paths that were deleted., returned: always, type: list, elements: str}
"""

import os
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule


def inside(root, path):
    return os.path.normpath(path).startswith(root.rstrip("/") + "/")


def make_directories(root, directory, uid, gid):
    missing = []
    while directory != root and not os.path.isdir(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    for path in reversed(missing):
        os.mkdir(path, 0o500)
        os.chown(path, uid, gid)


def write(entry):
    directory = os.path.dirname(entry["path"])
    handle, temporary = tempfile.mkstemp(dir=directory, prefix=".")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(entry["content"].encode())
            os.fchmod(stream.fileno(), int(entry["mode"], 8))
            os.fchown(stream.fileno(), entry["uid"], entry["gid"])
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, entry["path"])
    except BaseException:
        os.unlink(temporary)
        raise


def delete(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def main():
    file_options = {
        "path": {"type": "path", "required": True},
        "content": {"type": "str", "required": True, "no_log": True},
        "mode": {"type": "str", "required": True},
        "uid": {"type": "int", "required": True},
        "gid": {"type": "int", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "files": {"type": "list", "elements": "dict", "default": [], "options": file_options},
            "absent": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    root, files = module.params["root"], module.params["files"]
    absent = [path for path in module.params["absent"] if os.path.lexists(path)]
    for path in [entry["path"] for entry in files] + absent:
        if not inside(root, path):
            module.fail_json(msg=f"{path} is not below {root}.")
    if not module.check_mode:
        try:
            os.makedirs(root, 0o711, exist_ok=True)
            for entry in files:
                make_directories(root, os.path.dirname(entry["path"]), entry["uid"], entry["gid"])
                write(entry)
            for path in absent:
                delete(path)
        except OSError as error:
            module.fail_json(msg=f"{error.filename}: {error.strerror}")
    module.exit_json(changed=bool(files or absent), written=[entry["path"] for entry in files], deleted=absent)


if __name__ == "__main__":
    main()
