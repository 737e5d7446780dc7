#!/usr/bin/python
"""What a host holds of one service: containers, images, networks, volumes and files, in one call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_state
short_description: Report what a host holds of one service of an environment
version_added: "0.1.0"
description:
  - Asks the container engine once for the containers of a service, the ids of the images it wants, its networks and volumes,
    and compares the files it wants with those on the host. Changes nothing.
author: [Slipway (@slipway)]
options:
  environment: {description: Name of the environment., type: str, required: true}
  service: {description: Name of the service., type: str, required: true}
  names: {description: Names of the wanted containers; looked up even when they carry no label., type: list, elements: str, required: true}
  images: {description: Image references to resolve to ids., type: list, elements: str, default: []}
  networks: {description: Networks to look for., type: list, elements: str, default: []}
  volumes: {description: Volumes to look for., type: list, elements: str, default: []}
  files_dir: {description: Directory on the host under which the files of all containers stand., type: path, required: true}
  files:
    description: Wanted files.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Absolute path on the host., type: path, required: true}
      sha256: {description: Checksum of the wanted content., type: str, required: true}
      mode: {description: Octal mode., type: str, required: true}
      uid: {description: Owner., type: int, required: true}
      gid: {description: Group., type: int, required: true}
      secret: {description: Never return the content that stands there now., type: bool, required: true}
attributes:
  check_mode: {support: full, description: Changes nothing.}
  diff_mode: {support: none, description: Changes nothing.}
"""

EXAMPLES = r"""
- name: Ask what is there
  slipway.kit.host_state:
    environment: local
    service: nginx
    names: [local-nginx]
    images: [slipway/nginx:0a1b2c3d4e5f]
    files_dir: /var/lib/slipway/local/files
"""

RETURN = r"""
containers:
  description: By name, with keys id, image_id, labels, state (running, exited …), health (healthy, starting, unhealthy or empty).
  returned: always
  type: dict
services: {description: Every service of the environment that has a container here., returned: always, type: list, elements: str}
images: {description: Image id by reference; absent references are missing., returned: always, type: dict}
networks: {description: Those of the wanted networks that exist., returned: always, type: list, elements: str}
volumes: {description: Those of the wanted volumes that exist; name to keys owner (uid:gid) and mode of the directory., returned: always, type: dict}
files: {description: Files that are missing or differ; path to the text that stands there now (empty when secret or absent)., returned: always, type: dict}
stray_files: {description: Files below the containers' own directories that nobody wants., returned: always, type: list, elements: str}
"""

import hashlib
import os
import traceback

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.community.docker.plugins.module_utils._api.errors import DockerException, NotFound
from ansible_collections.community.docker.plugins.module_utils._api.utils.utils import convert_filters
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)
from ansible_collections.slipway.kit.plugins.module_utils.container_spec import LABEL_ENVIRONMENT, LABEL_SERVICE
from ansible_collections.slipway.kit.plugins.module_utils.engine_images import image_ids


def file_differs(wanted):
    """None when the file is as wanted, else the text that is there now ('' when there is none or it is secret)."""
    try:
        with open(wanted["path"], "rb") as handle:
            content = handle.read()
            status = os.fstat(handle.fileno())
    except FileNotFoundError:
        return ""
    same = (
        hashlib.sha256(content).hexdigest() == wanted["sha256"]
        and status.st_mode & 0o7777 == int(wanted["mode"], 8)
        and (status.st_uid, status.st_gid) == (wanted["uid"], wanted["gid"])
    )
    if same:
        return None
    return "" if wanted["secret"] else content.decode(errors="replace")


def volume_state(mountpoint):
    """Who owns a volume, and its permissions."""
    try:
        status = os.stat(mountpoint)
    except OSError:  # a driver of somebody's own, which mounts it when it is used
        return {"owner": "nobody known", "mode": "0"}
    return {"owner": f"{status.st_uid}:{status.st_gid}", "mode": f"{status.st_mode & 0o7777:04o}"}


def stray(files_dir, names, wanted):
    found = []
    for name in names:
        for directory, _subdirectories, files in os.walk(os.path.join(files_dir, name)):
            found += [os.path.join(directory, file) for file in files]
    return sorted(set(found) - wanted)


def describe(client, name):
    try:
        found = client.get_json("/containers/{0}/json", name)
    except NotFound:
        return None
    state = found["State"]
    return {
        "id": found["Id"],
        "image_id": found["Image"],
        "labels": found["Config"].get("Labels") or {},
        "state": state["Status"],
        "health": (state.get("Health") or {}).get("Status", ""),
    }


def main():
    file_options = {
        "path": {"type": "path", "required": True},
        "sha256": {"type": "str", "required": True},
        "mode": {"type": "str", "required": True},
        "uid": {"type": "int", "required": True},
        "gid": {"type": "int", "required": True},
        "secret": {"type": "bool", "required": True, "no_log": False},
    }
    client = AnsibleDockerClient(
        argument_spec={
            "environment": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
            "images": {"type": "list", "elements": "str", "default": []},
            "networks": {"type": "list", "elements": "str", "default": []},
            "volumes": {"type": "list", "elements": "str", "default": []},
            "files_dir": {"type": "path", "required": True},
            "files": {"type": "list", "elements": "dict", "default": [], "options": file_options},
        },
        supports_check_mode=True,
        min_docker_api_version="1.41",
    )
    module: AnsibleModule = client.module
    params = module.params
    try:
        labels = [f"{LABEL_ENVIRONMENT}={params['environment']}"]
        listed = client.get_json("/containers/json", params={"all": 1, "filters": convert_filters({"label": labels})})
        own = [entry for entry in listed if entry["Labels"].get(LABEL_SERVICE) == params["service"]]
        names = sorted({entry["Names"][0].lstrip("/") for entry in own} | set(params["names"]))
        containers = {name: found for name in names if (found := describe(client, name))}
        networks = {entry["Name"] for entry in client.get_json("/networks")}
        found = client.get_json("/volumes").get("Volumes") or []
        volumes = {entry["Name"]: entry["Mountpoint"] for entry in found}
        differing = {}
        for wanted in params["files"]:
            now = file_differs(wanted)
            if now is not None:
                differing[wanted["path"]] = now
        module.exit_json(
            changed=False,
            containers=containers,
            services=sorted({entry["Labels"].get(LABEL_SERVICE, "") for entry in listed}),
            images=image_ids(client, params["images"]),
            networks=[name for name in params["networks"] if name in networks],
            volumes={name: volume_state(volumes[name]) for name in params["volumes"] if name in volumes},
            files=differing,
            stray_files=stray(params["files_dir"], names, {wanted["path"] for wanted in params["files"]}),
        )
    except (DockerException, RequestException) as error:
        module.fail_json(msg=f"The container engine did not answer: {error}", exception=traceback.format_exc())


if __name__ == "__main__":
    main()
