"""Filters over module_utils/images.py."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.images import (
    host_images,
    image_catalogue,
    image_plan,
    image_references,
    image_tags,
    images_wanted,
    shared_layers,
)


class FilterModule:
    """``image_catalogue``, ``image_tags``, ``image_plan``: what is built, under which name, in which order."""

    def filters(self) -> dict[str, Any]:
        return {
            "host_images": host_images,
            "image_catalogue": image_catalogue,
            "image_plan": image_plan,
            "image_references": image_references,
            "image_tags": image_tags,
            "images_wanted": images_wanted,
            "shared_layers": shared_layers,
        }
