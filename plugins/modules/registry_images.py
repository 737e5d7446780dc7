#!/usr/bin/python
"""Push images to a registry, or pull them from there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_images
short_description: Push images to a registry, or pull them from there
version_added: "0.1.0"
description:
  - An image keeps its own name on both sides. The longer one that has the registry's address in it exists only while the image travels.
  - Credentials go with each request to the engine and are written nowhere.
author: [Slipway (@slipway)]
options:
  registry: {description: "Address of the registry, C(HOST:PORT), with a path if images have one there.", type: str, required: true}
  username: {description: Who pushes or pulls. Empty means that nobody has to log in., type: str, default: ""}
  password: {description: The password of O(username)., type: str, default: ""}
  images: {description: "Images by C(NAME:TAG).", type: list, elements: str, required: true}
  state: {description: Whether the registry is to have them (V(pushed)) or this host (V(pulled))., type: str, choices: [pushed, pulled], required: true}
attributes:
  check_mode: {support: none}
  diff_mode: {support: none}
"""

EXAMPLES = r"""
- name: Get what is missing
  slipway.kit.registry_images:
    registry: 10.0.0.5:5000
    username: slipway
    password: "{{ password }}"
    images: [slipway/redis:0a1b2c3d4e5f]
    state: pulled
"""

RETURN = r"""
images: {description: Id of each image by its name., returned: success, type: dict}
"""

import base64
import contextlib
import json
import traceback

from ansible_collections.community.docker.plugins.module_utils._api.errors import APIError, DockerException, NotFound
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)
from ansible_collections.slipway.kit.plugins.module_utils.engine_images import image_ids


class TravelError(Exception):
    """What the registry, or the engine on its way there, said."""


def travel(client, path, params, credentials):
    """Have the engine push or pull, and wait for the end of it."""
    header = base64.urlsafe_b64encode(json.dumps(credentials).encode())
    answer = client._post(
        client._url(path), params=params, headers={"X-Registry-Auth": header}, stream=True, timeout=None
    )
    client._raise_for_status(answer)
    for line in client._stream_helper(answer, decode=True):
        if line.get("error"):
            raise TravelError(line["error"])


def name(client, image, repository, tag):
    client._raise_for_status(
        client._post(client._url("/images/{0}/tag", image), params={"repo": repository, "tag": tag})
    )


def forget(client, reference):
    with contextlib.suppress(NotFound):
        client.delete_call("/images/{0}", reference, params={"noprune": True})


def push(client, registry, reference, credentials):
    repository, _, tag = reference.rpartition(":")
    there = f"{registry}/{repository}"
    name(client, reference, there, tag)
    try:
        travel(client, f"/images/{there}/push", {"tag": tag}, credentials)
    finally:
        forget(client, f"{there}:{tag}")


def pull(client, registry, reference, credentials):
    repository, _, tag = reference.rpartition(":")
    there = f"{registry}/{repository}"
    travel(client, "/images/create", {"fromImage": there, "tag": tag}, credentials)
    name(client, f"{there}:{tag}", repository, tag)
    forget(client, f"{there}:{tag}")


def main():
    client = AnsibleDockerClient(
        argument_spec={
            "registry": {"type": "str", "required": True},
            "username": {"type": "str", "default": ""},
            "password": {"type": "str", "default": "", "no_log": True},
            "images": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": ["pushed", "pulled"], "required": True},
        },
        min_docker_api_version="1.41",
    )
    module = client.module
    options = module.params
    credentials = {}
    if options["username"]:
        credentials = {
            "username": options["username"],
            "password": options["password"],
            "serveraddress": options["registry"].split("/")[0],
        }
    move = push if options["state"] == "pushed" else pull
    reference = ""
    try:
        for reference in options["images"]:
            move(client, options["registry"], reference, credentials)
        module.exit_json(changed=bool(options["images"]), images=image_ids(client, options["images"]))
    except (TravelError, APIError) as error:
        module.fail_json(msg=f"{reference} was not {options['state']}: {options['registry']} said: {error}")
    except (DockerException, RequestException) as error:
        module.fail_json(msg=f"The container engine did not answer: {error}", exception=traceback.format_exc())


if __name__ == "__main__":
    main()
