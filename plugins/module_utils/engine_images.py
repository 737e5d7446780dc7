"""Ask an engine which images it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.community.docker.plugins.module_utils._api.errors import NotFound


def image_ids(client: Any, references: Iterable[str]) -> dict[str, str]:
    """The id of each image by its reference; references that the engine does not hold are missing.

    :param client: an AnsibleDockerClient.
    """
    found = {}
    for reference in sorted(set(references)):
        try:
            found[reference] = client.get_json("/images/{0}/json", reference)["Id"]
        except NotFound:
            continue
    return found
