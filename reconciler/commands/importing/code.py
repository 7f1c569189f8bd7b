"""Where the code of functions is said to be, so that a plan finds it to be what lives: where AWS still holds it, where a source says, in a
bucket that was named, or in a file that it is downloaded to. What is none of these stays where it is, and nobody's."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.core.errors import AwsError, Interrupted
from reconciler.core.model import Live, Target
from reconciler.core.place import Place
from reconciler.files import packing
from reconciler.importing.drafts import Code
from reconciler.importing.told import Said
from reconciler.plan.source import by_digest

if TYPE_CHECKING:
    from reconciler.aws.client import Aws
    from reconciler.snapshot.origins import Held

NOWHERE = (
    "AWS does not tell where it came from; name a --bucket, or --download it, or write a source before its first change"
)
Warn = Callable[[str], None]


def codes(
    aws: Aws, functions: Iterable[Live], said: Mapping[Target, Said], *, buckets: Sequence[str],
    download: Path | None, warn: Warn,
) -> dict[Target, Code]:  # fmt: skip
    """The code of each function. A `path` is one from where we are."""
    from reconciler.snapshot.origins import origins, same

    found: dict[Target, Code] = {}
    sought: list[Held] = []
    for function in functions:
        target, held = function.key.target, code_held(function)
        if held is None:
            found[target] = Code({}, "AWS does not show its hash")
        elif where := kept(function) or same(aws, held, told(said[target])):
            found[target] = Code(where)
        else:
            sought.append(held)
    in_buckets: dict[Target, dict[str, str]] = {}
    for region, of_region in groupby(sorted(sought, key=_region), _region):
        in_buckets |= origins(aws, of_region, own_first(buckets, region), warn)
    for held in sought:
        where = in_buckets.get(held.target) or (downloaded(aws, held, download, warn) if download else {})
        found[held.target] = Code(where, "" if where else NOWHERE)
    return found


def own_first(buckets: Iterable[str], region: str) -> list[str]:
    """Those that are named by the region before the others, for Lambda takes code of its own region alone."""
    return sorted(buckets, key=lambda name: region not in name)


def _region(held: Held) -> str:
    return held.target.region


def code_held(function: Live) -> Held | None:
    from reconciler.snapshot.origins import Held

    sha256 = function.properties["code"].get("CodeSha256")
    return (
        Held(function.key.target, sha256, int(function.handle.get("CodeSize", 0))) if isinstance(sha256, str) else None
    )


def kept(function: Live) -> dict[str, str]:
    """Where AWS itself holds on to: an image, by its digest, or an object that it refers to."""
    handle, sha256 = function.handle, function.properties["code"].get("CodeSha256")
    if "ImageUri" in handle and isinstance(sha256, str):
        return {"ImageUri": by_digest(handle["ImageUri"], sha256)}
    resolved: Mapping[str, Any] = handle.get("ResolvedS3Object", {})
    members = ("S3Bucket", "S3Key", "S3ObjectVersion")
    return {member: str(resolved[member]) for member in members if resolved.get(member)}


def told(said: Said) -> dict[str, str]:
    """What a source says, with a path from here."""
    folder = Path(said.file).parent
    return {name: str(folder / value) if name == "path" else value for name, value in said.code.items()}


# --- downloads -------------------------------------------------------------------------------------------------------


def downloaded(aws: Aws, held: Held, folder: Path, warn: Warn) -> dict[str, str]:
    """The package in a file of its own. Nothing where it cannot be had."""

    def location() -> str:
        answer = aws.call(Place.of(held.target), "GetFunction", {"FunctionName": held.target.function}).result
        return str(answer.get("Code", {}).get("Location", ""))

    try:
        path = stored(aws, (held.target, held.sha256, held.size), location, folder / held.target.function)
        return {"path": str(path)}
    except Interrupted:
        raise
    except (AwsError, OSError) as failure:
        warn(f"{held.target}: its code is not downloaded: {failure}")
        return {}


def stored(aws: Aws, package: tuple[Target, str, int], location: Callable[[], str], path: Path) -> Path:
    """A package, by whose it is, its hash and its size, in a file named by both: one that is there already is the same. Raises AwsError,
    OSError."""

    target, sha256, size = package
    path = path.with_name(f"{path.name}-{base64.b64decode(sha256).hex()[:12]}.zip")
    if is_there(path, sha256):
        return path
    url = location()
    if not url:
        raise AwsError("AWS does not let it be downloaded")
    with aws.downloaded(Place.of(target), url, size) as file:
        if packing.sha256_of(file) != sha256:
            raise AwsError("it became another while it was looked at")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as written:
            shutil.copyfileobj(file, written)
    return path


def is_there(path: Path, sha256: str) -> bool:
    with suppress(FileNotFoundError), path.open("rb") as file:
        if packing.sha256_of(file) != sha256:
            raise OSError(f"{path} is another file; move it")
        return True
    return False
