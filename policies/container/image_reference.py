"""CKV_SLIP_113."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec

CONTENT = re.compile(r"(?:.+@)?sha256:[0-9a-f]{64}|[^@\s]+:[0-9a-f]{12,64}")


class ImageByContent(ContainerPolicy):
    """A tag that can move runs something else tomorrow; a content hash is what was built, tested and scanned."""

    id = "CKV_SLIP_113"
    name = "The image is named by its content, never latest"
    level = "high"
    audit = Audit.DRIFT
    reference = "NIST SP 800-190, 4.2.2: images are referenced by immutable names, not by latest"
    mend = "Use slipway_images (content-hash tags), or repository@sha256:… for an image from elsewhere."
    evaluates = "container"

    def problems(self, spec: Spec) -> Iterator[str]:
        image = str(spec.container.get("image") or "")
        if not CONTENT.fullmatch(image):
            yield f"image {image or '(none)'} is not named by a content hash or digest"


policy = ImageByContent()
