#!/usr/bin/python
"""Remove images that are not needed any more."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_prune
short_description: Remove images that no container uses
version_added: "0.1.0"
description:
  - Removes images by their ids, with every name they have. One that a container uses, running or not, stays, and so does one that others are built on.
author: [Slipway (@slipway)]
options:
  images: {description: Ids of images., type: list, elements: str, required: true}
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
"""

EXAMPLES = r"""
- name: Remove what ran long ago
  slipway.kit.image_prune:
    images: [sha256:0a1b…]
"""

RETURN = r"""
removed: {description: Ids of the images that were removed., returned: always, type: list, elements: str}
"""

import traceback

from ansible_collections.community.docker.plugins.module_utils._api.errors import APIError, DockerException, NotFound
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)


def remove(client, image_id):
    """Whether it is gone. Names first: an image with several is not removed by its id."""
    try:
        found = client.get_json("/images/{0}/json", image_id)
        for name in [*(found.get("RepoTags") or []), *(found.get("RepoDigests") or [])]:
            client.delete_call("/images/{0}", name)
        client.delete_call("/images/{0}", image_id)
    except NotFound:
        return True
    except APIError as error:
        if error.response.status_code == 409:
            return False
        raise
    return True


def main():
    client = AnsibleDockerClient(
        argument_spec={"images": {"type": "list", "elements": "str", "required": True}},
        supports_check_mode=True,
        min_docker_api_version="1.41",
    )
    module = client.module
    try:
        used = {entry["ImageID"] for entry in client.get_json("/containers/json", params={"all": 1})}
        present = {entry["Id"] for entry in client.get_json("/images/json")}
        wanted = [image for image in module.params["images"] if image in present - used]
        removed = [image for image in wanted if module.check_mode or remove(client, image)]
        module.exit_json(changed=bool(removed), removed=removed)
    except (DockerException, RequestException) as error:
        module.fail_json(msg=f"The container engine did not answer: {error}", exception=traceback.format_exc())


if __name__ == "__main__":
    main()
