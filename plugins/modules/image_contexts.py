#!/usr/bin/python
"""Pack the build contexts of images on the control machine."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_contexts
short_description: Pack the build contexts of images into one archive
version_added: "0.1.0"
description:
  - Writes one tar archive with a directory for each image, holding exactly the files that the image's tag is a hash of.
  - Runs on the control machine, where the contexts are. Owners and modes are made uniform, so that every host's engine builds, and caches, the same layers.
author: [Slipway (@slipway)]
options:
  images:
    description: Entries of the image catalogue; those without a context are passed over.
    type: list
    elements: dict
    required: true
  dest: {description: The archive to write., type: path, required: true}
attributes:
  check_mode: {support: full, description: Reports the images it would pack and writes nothing.}
  diff_mode: {support: none, description: The archive is temporary.}
"""

EXAMPLES = r"""
- name: Pack the contexts
  slipway.kit.image_contexts:
    images: "{{ slipway_image_catalogue }}"
    dest: /tmp/contexts.tar
  delegate_to: localhost
"""

RETURN = r"""
packed: {description: Names of the images whose contexts are in the archive., returned: always, type: list, elements: str}
files: {description: How many files the archive holds., returned: always, type: int}
"""

import os
import tarfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.kit.plugins.module_utils.images import context_files


def uniform(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The member as root's, with the two modes that git knows."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    if member.isfile():
        member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "images": {"type": "list", "elements": "dict", "required": True},
            "dest": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    contexts = [image for image in module.params["images"] if image.get("context")]
    members = [
        (os.path.join(image["context"], path), f"{image['name']}/{path}")
        for image in contexts
        for path in context_files(image["context"], image.get("dockerfile") or "Dockerfile")
    ]
    if not module.check_mode:
        os.makedirs(os.path.dirname(module.params["dest"]), mode=0o700, exist_ok=True)
        with tarfile.open(module.params["dest"], "w") as archive:
            for source, name in members:
                archive.add(source, arcname=name, recursive=False, filter=uniform)
    module.exit_json(changed=True, packed=[image["name"] for image in contexts], files=len(members))


if __name__ == "__main__":
    main()
