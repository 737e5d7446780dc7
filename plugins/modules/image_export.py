#!/usr/bin/python
"""Copy a directory out of an image onto the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_export
short_description: Copy directories out of images onto the host
version_added: "0.1.0"
description:
  - Extracts a directory of an image below a directory of the host, without running the image.
  - Files that are there already stay, so that pages of an older version still find theirs. A marker file names the image whose files were last taken.
author: [Slipway (@slipway)]
options:
  exports:
    description: What to copy.
    type: list
    elements: dict
    required: true
    suboptions:
      image: {description: Image reference., type: str, required: true}
      source: {description: Absolute directory inside the image., type: path, required: true}
      target: {description: Absolute directory on the host., type: path, required: true}
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
"""

EXAMPLES = r"""
- name: Take the static files out
  slipway.kit.image_export:
    exports:
      - {image: slipway/app-devicehub:0a1b2c3d4e5f, source: /app/static, target: /var/lib/slipway/local/static/devicehub}
"""

RETURN = r"""
exported: {description: Targets that were written., returned: always, type: list, elements: str}
"""

import io
import os
import tarfile
import traceback

from ansible_collections.community.docker.plugins.module_utils._api.errors import DockerException, NotFound
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)

MARKER = ".slipway-image"


def taken_from(target):
    try:
        with open(os.path.join(target, MARKER)) as handle:
            return handle.read().strip()
    except FileNotFoundError:
        return ""


def extract(archive, source, target):
    """Regular files and directories only, below ``target``, readable by everybody, owned by root."""
    prefix = os.path.basename(os.path.normpath(source)) + "/"
    for member in archive:
        relative = os.path.normpath(member.name.removeprefix(prefix))
        if member.name.rstrip("/") + "/" == prefix or relative.startswith(("..", "/")):
            continue
        path = os.path.join(target, relative)
        if member.isdir():
            os.makedirs(path, 0o755, exist_ok=True)
        elif member.isreg():
            os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
            with open(path + ".new", "wb") as handle:
                handle.write(archive.extractfile(member).read())
            os.chmod(path + ".new", 0o644)
            os.rename(path + ".new", path)


def export(client, image_id, entry):
    os.makedirs(entry["target"], 0o755, exist_ok=True)
    os.chmod(entry["target"], 0o755)  # noqa: S103  # nginx reads it, as another user; these files are public
    container = client.post_json_to_json("/containers/create", data={"Image": image_id, "Cmd": ["export"]})["Id"]
    try:
        answer = client._get(client._url("/containers/{0}/archive", container), params={"path": entry["source"]})
        client._raise_for_status(answer)
        with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
            extract(archive, entry["source"], entry["target"])
    finally:
        client.delete_call("/containers/{0}", container, params={"force": True})
    with open(os.path.join(entry["target"], MARKER), "w") as handle:
        handle.write(image_id + "\n")


def main():
    options = {
        "image": {"type": "str", "required": True},
        "source": {"type": "path", "required": True},
        "target": {"type": "path", "required": True},
    }
    client = AnsibleDockerClient(
        argument_spec={"exports": {"type": "list", "elements": "dict", "required": True, "options": options}},
        supports_check_mode=True,
        min_docker_api_version="1.41",
    )
    module = client.module
    exported = []
    entry = {}
    try:
        for entry in module.params["exports"]:
            try:
                image_id = client.get_json("/images/{0}/json", entry["image"])["Id"]
            except NotFound:
                if not module.check_mode:
                    raise
                image_id = None
            if image_id is None or taken_from(entry["target"]) != image_id:
                exported.append(entry["target"])
                if not module.check_mode:
                    export(client, image_id, entry)
        module.exit_json(changed=bool(exported), exported=exported)
    except NotFound as error:
        module.fail_json(msg=f"{entry['image']} has no {entry['source']}, or is not here: {error}")
    except (DockerException, RequestException) as error:
        module.fail_json(msg=f"The container engine did not answer: {error}", exception=traceback.format_exc())


if __name__ == "__main__":
    main()
