"""Two versions of one function, compared: settings, and the files of code that is a zip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands import wiring
from reconciler.commands.naming import named
from reconciler.core.errors import AwsError
from reconciler.core.model import Target
from reconciler.core.place import Place
from reconciler.files.archive import MAX_UNZIPPED_BYTES, NotAZip, contents
from reconciler.kinds.base import LATEST
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.version import VERSION
from reconciler.report.compared import Side, diff_document

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

NOW = "live"  # $LATEST, where no alias has that name


def compared(word: str, first: str, second: str, path: Path) -> dict[str, Any]:
    """The document. Code is downloaded only where it differs. Raises AwsError, SelectionError."""
    place = named(word, path)
    aws = place.connected()
    (before, one), (after, other) = (side(aws, place.target, qualifier) for qualifier in (first, second))
    if before.live.handle.get("CodeSha256") != after.live.handle.get("CodeSha256"):
        before, after = (with_files(aws, place.target, *known) for known in ((before, one), (after, other)))
    return diff_document(place.target, before, after, wiring.now())


def side(aws: Aws, target: Target, qualifier: str) -> tuple[Side, Mapping[str, Any]]:
    """A version, or the one that an alias sends most to by name, with where its code is. Raises AwsError where it is not there."""
    from reconciler.snapshot import qualified

    shares = qualified.shares(aws, target, qualifier) or ({LATEST: 1.0} if qualifier == NOW else {})
    number = next(iter(shares), "")
    answer = qualified.version(aws, target, number) if number else None
    live = (FUNCTION if number == LATEST else VERSION).reading.live(target, answer) if answer else None
    if answer is None or live is None:
        raise AwsError(f"{target} has no {what(qualifier)}; `reconcile versions {target}` lists what it has")
    return Side(qualifier, number, live), answer.get("Code", {})


def what(qualifier: str) -> str:
    return f"version {qualifier}" if qualifier.isdigit() or qualifier == LATEST else f"alias {qualifier}"


def with_files(aws: Aws, target: Target, known: Side, code: Mapping[str, Any]) -> Side:
    """The side with the files of its code, or why they are not known."""
    from reconciler.aws.download import NotDownloaded

    if "Location" not in code:
        what = "is a container image" if "ImageUri" in code else "has no address"
        return replace(known, problem=f"the code of {known.qualifier} {what}, so its files are not compared")
    try:
        with aws.downloaded(Place.of(target), code["Location"], MAX_UNZIPPED_BYTES) as file:
            return replace(known, files=contents(file))
    except NotDownloaded as failure:
        is_too_large = f"is larger than {MAX_UNZIPPED_BYTES:,} bytes, so it is not read"
        why = f"cannot be downloaded ({failure.why})" if failure.why else is_too_large
    except NotAZip as error:
        why = str(error)
    return replace(known, problem=f"the files of {known.qualifier} cannot be compared: the code {why}")
