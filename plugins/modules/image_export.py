#!/usr/bin/python
"""Copy a directory out of an image onto the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_export
short_description: Copy directories out of images onto the host
version_added: "0.1.0"
description:
  - Extracts a directory of an image below a directory of the host, without running the image.
  - Files of images before stay, so that their pages still find them. Their time begins when the image is O(state=settled), which is when it serves, and they are
    deleted when an image is settled more than O(keep_days) later.
  - A marker file names the image whose files were last taken, which files these are, whether it is settled, and since when which other files are of none.
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
  state:
    description: V(present) copies what is not there. V(settled) says that nothing serves another image any more.
    type: str
    choices: [present, settled]
    default: present
  keep_days: {description: Days for which files stay that the image no longer has., type: float, default: 14}
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
unsettled: {description: Targets whose image is not settled., returned: always, type: list, elements: str}
"""

import io
import json
import os
import tarfile
import time
import traceback

from ansible_collections.community.docker.plugins.module_utils._api.errors import DockerException, NotFound
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)

MARKER = ".slipway-image"


NOTHING = {"image": "", "files": [], "left": {}, "settled": True}


def read_marker(target):
    """Which image was taken, its files, whether it is settled, and since when which files are of none."""
    try:
        with open(os.path.join(target, MARKER)) as handle:
            marker = json.load(handle)
        return marker if set(marker) == set(NOTHING) else NOTHING
    except (FileNotFoundError, ValueError, TypeError):
        return NOTHING


def write_marker(target, marker):
    path = os.path.join(target, MARKER)
    with open(path + ".new", "w") as handle:
        json.dump(marker, handle, sort_keys=True)
    os.rename(path + ".new", path)


def extract(archive, source, target):
    """Regular files and directories only, below ``target``, readable by everybody, owned by root; returns the files."""
    prefix = os.path.basename(os.path.normpath(source)) + "/"
    written = set()
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
            written.add(relative)
    return written


def retire(target, written, left, keep_seconds, now):
    """Delete files that no image has had for long enough; returns since when the others are without one."""
    kept = {}
    for directory, _, names in os.walk(target):
        for name in names:
            relative = os.path.relpath(os.path.join(directory, name), target)
            if relative in written or relative == MARKER:
                continue
            since = left.get(relative, now)
            if now - since > keep_seconds:
                os.unlink(os.path.join(directory, name))
            else:
                kept[relative] = since
    return kept


def export(client, image_id, entry):
    os.makedirs(entry["target"], 0o755, exist_ok=True)
    os.chmod(entry["target"], 0o755)  # noqa: S103  # nginx reads it, as another user; these files are public
    container = client.post_json_to_json("/containers/create", data={"Image": image_id, "Cmd": ["export"]})["Id"]
    try:
        answer = client._get(client._url("/containers/{0}/archive", container), params={"path": entry["source"]})
        client._raise_for_status(answer)
        with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
            written = extract(archive, entry["source"], entry["target"])
    finally:
        client.delete_call("/containers/{0}", container, params={"force": True})
    left = {name: since for name, since in read_marker(entry["target"])["left"].items() if name not in written}
    marker = {"image": image_id, "files": sorted(written), "left": left, "settled": False}
    write_marker(entry["target"], marker)


def settle(target, keep_days):
    marker = read_marker(target)
    left = retire(target, set(marker["files"]), marker["left"], keep_days * 86400, time.time())
    write_marker(target, {**marker, "left": left, "settled": True})


def main():
    options = {
        "image": {"type": "str", "required": True},
        "source": {"type": "path", "required": True},
        "target": {"type": "path", "required": True},
    }
    client = AnsibleDockerClient(
        argument_spec={
            "exports": {"type": "list", "elements": "dict", "required": True, "options": options},
            "state": {"type": "str", "choices": ["present", "settled"], "default": "present"},
            "keep_days": {"type": "float", "default": 14},
        },
        supports_check_mode=True,
        min_docker_api_version="1.41",
    )
    module = client.module
    exported = []
    entry = {}
    targets = [entry["target"] for entry in module.params["exports"]]
    unsettled = [target for target in targets if not read_marker(target)["settled"]]
    if module.params["state"] == "settled":
        for target in [] if module.check_mode else unsettled:
            settle(target, module.params["keep_days"])
        module.exit_json(changed=bool(unsettled), exported=[], unsettled=unsettled if module.check_mode else [])
    try:
        for entry in module.params["exports"]:
            try:
                image_id = client.get_json("/images/{0}/json", entry["image"])["Id"]
            except NotFound:
                if not module.check_mode:
                    raise
                image_id = None
            if image_id is None or read_marker(entry["target"])["image"] != image_id:
                exported.append(entry["target"])
                if not module.check_mode:
                    export(client, image_id, entry)
        unsettled = [target for target in targets if target in {*unsettled, *exported}]
        module.exit_json(changed=bool(exported), exported=exported, unsettled=unsettled)
    except NotFound as error:
        module.fail_json(msg=f"{entry['image']} has no {entry['source']}, or is not here: {error}")
    except (DockerException, RequestException) as error:
        module.fail_json(msg=f"The container engine did not answer: {error}", exception=traceback.format_exc())


if __name__ == "__main__":
    main()
