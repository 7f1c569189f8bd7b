"""The code that a spec names, as far as that can be told without AWS. Asks nobody."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.errors import SpecError
from reconciler.core.model import Origin, Spec
from reconciler.core.packages import Artifact, Package
from reconciler.files import packing
from reconciler.files.archive import credentials, measured
from reconciler.files.packages import PackageFile

Packing = Callable[[str, Origin], PackageFile]


def local_artifact(spec: Spec, packed: Packing) -> Artifact | None:
    """What can be told without AWS: a hash in the spec, a digest in an image's address, a path. A path that cannot be
    packed is this target's problem alone, and so is a hash that is not that of the code beside it."""
    code = spec.code
    declared = declared_sha256(code)
    digest = re.search(r"@sha256:([0-9a-f]{64})$", code.get("ImageUri", ""))
    if "path" in code:
        actual = _packed(packed, code["path"], spec.origins.get("/code/path") or Origin(spec.path))
    elif digest:
        actual = Artifact(digest[1], "digest in ImageUri")
    else:
        return Artifact(declared, "sha256 in the spec", code.get("S3ObjectVersion", "")) if declared else None
    return compared(actual, declared)


def declared_sha256(code: Mapping[str, Any]) -> str:
    """The hash that a spec says, as Lambda says it: in hex of an image, else in base64."""
    written = str(code.get("sha256", ""))
    if "ImageUri" in code:
        return written if "=" not in written else base64.b64decode(written).hex()
    return in_base64(written)


def compared(actual: Artifact, declared: str) -> Artifact:
    """What was found, with the problem that the spec says another hash."""
    if not declared or not actual.sha256 or actual.sha256 == declared:
        return actual
    return replace(
        actual, problem=f"code.sha256 is {declared}, and {actual.source} says {actual.sha256}; correct one of them"
    )


def _packed(packed: Packing, path: str, origin: Origin) -> Artifact:
    try:
        package = packed(path, origin)
    except SpecError as error:
        return Artifact("", path, problem="; ".join(fault.message for fault in error.faults))
    with package.opened() as file:
        files, unpacked = measured(file)
        most = packing.MAX_DIRECT_BYTES
        limit = f"{path} is {package.size:,} bytes zipped, and a request to Lambda takes {most:,} at the most"
        about = Package(path, package.size, files, unpacked, limit if package.size > most else "")
        return Artifact(
            package.sha256,
            f"what is packed from {path}",
            credentials=credentials(file),
            package=about,
            size=package.size,
        )


def in_base64(written: str) -> str:
    return base64.b64encode(bytes.fromhex(written)).decode() if re.fullmatch("[0-9a-fA-F]{64}", written) else written
