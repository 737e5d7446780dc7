#!/usr/bin/python
"""Leave layers out of an archive of images that whoever loads it has."""

from __future__ import annotations

DOCUMENTATION = r"""
module: archive_layers
short_description: Leave layers out of an archive of images that whoever loads it has
version_added: "0.1.0"
description:
  - An archive as the engine writes it (C(docker save)) holds all layers of its images, so that a new version of a few kilobytes travels with the whole of what it is built on.
  - An engine that loads one reads no layer that it has on top of the same others, as long as it keeps layers itself and not in containerd's image store.
author: [Slipway (@slipway)]
options:
  path: {description: The archive; it is written anew., type: path, required: true}
  held:
    description: "What whoever loads it has: chain ids, which name a layer together with all below it, as filter slipway.kit.shared_layers returns them."
    type: list
    elements: str
    required: true
attributes:
  check_mode: {support: none}
  diff_mode: {support: none}
"""

EXAMPLES = r"""
- name: Leave out what the host has
  slipway.kit.archive_layers:
    path: /home/operator/.local/state/slipway/local/build/images.tar
    held: "{{ originals.images | slipway.kit.shared_layers(there.images) }}"
"""

RETURN = r"""
left_out: {description: Layers that are not in it any more., returned: always, type: int}
bytes: {description: What is left., returned: always, type: int}
"""

import contextlib
import json
import os
import posixpath
import tarfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.kit.plugins.module_utils.images import chain_ids


def read(archive, name):
    return json.load(archive.extractfile(name))


def superfluous(archive, held):
    """The files of layers that are held wherever an image has them; one that another file links to is none of them."""
    needed: set[str] = set()
    others: set[str] = set()
    for image in read(archive, "manifest.json"):
        chains = chain_ids(read(archive, image["Config"])["rootfs"]["diff_ids"])
        for layer, chain in zip(image["Layers"], chains, strict=True):
            (others if chain in held else needed).add(layer)
    for member in archive:
        if member.name in needed and member.issym():
            needed.add(posixpath.normpath(posixpath.join(posixpath.dirname(member.name), member.linkname)))
    return others - needed


def leave_out(path, held):
    """Write the archive anew without layers that are held; how many these are."""
    rest = f"{path}.part"
    try:
        with tarfile.open(path) as archive, tarfile.open(rest, "w") as smaller:
            unwanted = superfluous(archive, held)
            for member in archive:
                if member.name not in unwanted:
                    smaller.addfile(member, archive.extractfile(member) if member.isreg() else None)
        os.replace(rest, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(rest)
    return len(unwanted)


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "held": {"type": "list", "elements": "str", "required": True},
        }
    )
    path = module.params["path"]
    try:
        left_out = leave_out(path, set(module.params["held"]))
        module.exit_json(changed=bool(left_out), left_out=left_out, bytes=os.path.getsize(path))
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        module.fail_json(msg=f"{path} is no archive of images as the engine writes it: {error!r}")


if __name__ == "__main__":
    main()
