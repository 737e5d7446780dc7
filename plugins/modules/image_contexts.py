#!/usr/bin/python
"""Lay the build contexts of images out on the control machine."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_contexts
short_description: Lay the build contexts of images out in one directory
version_added: "0.1.0"
description:
  - Makes a directory with one for each image, holding exactly the files that the image's tag is a hash of. Nobody but its owner may look into it.
  - Runs on the control machine, where the contexts are. Modes are made uniform, so that every engine builds, and caches, the same layers.
author: [Slipway (@slipway)]
options:
  images:
    description: Entries of the image catalogue; those without a context are passed over.
    type: list
    elements: dict
    required: true
  dest: {description: The directory to make., type: path, required: true}
attributes:
  check_mode: {support: full, description: Reports the images it would lay out and writes nothing.}
  diff_mode: {support: none, description: The directory is temporary.}
"""

EXAMPLES = r"""
- name: Lay the contexts out
  slipway.kit.image_contexts:
    images: "{{ slipway_image_catalogue }}"
    dest: /tmp/contexts
  delegate_to: localhost
"""

RETURN = r"""
laid_out: {description: Names of the images whose contexts are there., returned: always, type: list, elements: str}
files: {description: How many files there are., returned: always, type: int}
"""

import os
import shutil

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.kit.plugins.module_utils.images import context_files


def lay_out(source: str, target: str) -> None:
    """A copy with one of the two modes that git knows."""
    directory = os.path.dirname(target)
    os.makedirs(directory, exist_ok=True)
    os.chmod(directory, 0o755)  # noqa: S103  # the engine may read it as another user; who may look in is said above it
    shutil.copyfile(source, target, follow_symlinks=False)
    if not os.path.islink(target):
        os.chmod(target, 0o755 if os.stat(source).st_mode & 0o100 else 0o644)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "images": {"type": "list", "elements": "dict", "required": True},
            "dest": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    dest = module.params["dest"]
    contexts = [image for image in module.params["images"] if image.get("context")]
    files = [
        (os.path.join(image["context"], path), os.path.join(dest, image["name"], path))
        for image in contexts
        for path in context_files(image["context"], image.get("dockerfile") or "Dockerfile")
    ]
    if not module.check_mode:
        os.makedirs(dest, mode=0o700, exist_ok=True)
        for source, target in files:
            lay_out(source, target)
    module.exit_json(changed=bool(contexts), laid_out=[image["name"] for image in contexts], files=len(files))


if __name__ == "__main__":
    main()
