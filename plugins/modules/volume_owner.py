#!/usr/bin/python
"""Give the directory of a volume to a user."""

from __future__ import annotations

DOCUMENTATION = r"""
module: volume_owner
short_description: Give the directory of a volume to a user
version_added: "0.1.0"
description:
  - The engine gives a new volume to whom the directory belongs to in the image, and to root where the image has none. A process that is not root cannot write there.
  - Has the engine put what the image has at the path into a volume that is empty, by making a container that is never started; then changes owner and permissions of the volume's directory.
    What is in it stays whose it is.
author: [Slipway (@slipway)]
options:
  name: {description: Name of the volume., type: str, required: true}
  path: {description: Where containers mount it., type: str, required: true}
  owner: {description: "Numbers, as uid:gid.", type: str, required: true}
  mode: {description: Octal permissions; empty leaves them alone., type: str, default: ""}
  image: {description: Id of the image., type: str, required: true}
  labels: {description: Labels of the container that is made and removed., type: dict, default: {}}
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
"""

EXAMPLES = r"""
- name: Let the application write into its volume
  slipway.kit.volume_owner:
    name: local-shop-media
    path: /app/media
    owner: "10100:10100"
    image: sha256:0a1b…
"""

RETURN = r"""
directory: {description: The directory on the host., returned: always, type: str}
"""

import os
import traceback

from ansible_collections.community.docker.plugins.module_utils._api.errors import DockerException
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)


def fill(client, params):
    """The engine fills an empty volume when a container that mounts it is made."""
    container = {
        "Image": params["image"],
        "Cmd": ["true"],
        "Labels": params["labels"],
        "HostConfig": {
            "Binds": [f"{params['name']}:{params['path']}"],
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
        },
    }
    made = client.post_json_to_json("/containers/create", data=container)
    client.delete_call("/containers/{0}", made["Id"])


def main():
    client = AnsibleDockerClient(
        argument_spec={
            "name": {"type": "str", "required": True},
            "path": {"type": "str", "required": True},
            "owner": {"type": "str", "required": True},
            "mode": {"type": "str", "default": ""},
            "image": {"type": "str", "required": True},
            "labels": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
        min_docker_api_version="1.41",
    )
    module, params = client.module, client.module.params
    try:
        directory = client.get_json("/volumes/{0}", params["name"])["Mountpoint"]
        if not module.check_mode:
            fill(client, params)
        status = os.stat(directory)
        uid, gid = (int(number) for number in params["owner"].split(":"))
        mode = int(params["mode"], 8) if params["mode"] else status.st_mode & 0o7777
        changed = (uid, gid, mode) != (status.st_uid, status.st_gid, status.st_mode & 0o7777)
        if changed and not module.check_mode:
            os.chown(directory, uid, gid)
            os.chmod(directory, mode)
        module.exit_json(changed=changed, directory=directory)
    except (DockerException, RequestException) as error:
        module.fail_json(msg=f"The container engine did not answer: {error}", exception=traceback.format_exc())
    except OSError as error:
        module.fail_json(msg=f"Volume {params['name']} cannot be given to {params['owner']}: {error}")


if __name__ == "__main__":
    main()
