"""Where the code of functions that live lies in S3: objects of some buckets, of the same size, that then prove to be the same. Never writes.

Calls: a listing of each bucket, to so many pages, and for each function the looks at so many objects that a plan takes at the code of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from reconciler.aws.client import Aws
from reconciler.aws.unread import failure_text
from reconciler.core.errors import AwsError, Interrupted
from reconciler.core.model import Desired, Key, Spec, Target
from reconciler.core.place import Place
from reconciler.kinds.function import FUNCTION
from reconciler.snapshot.artifacts import Looking, artifact

WORKERS = 8
MOST_PAGES = 50  # of a bucket's listing, a thousand objects each
MOST_LOOKS = 10  # at objects of one size, for one function
LISTING = "ListObjectsV2"


@dataclass(frozen=True, slots=True)
class Held:
    """The code that a function has: its hash, as AWS says it, and its bytes."""

    target: Target
    sha256: str
    size: int


def origins(
    aws: Aws, held: Iterable[Held], buckets: Iterable[str], warn: Callable[[str], None]
) -> dict[Target, dict[str, str]]:
    """The object that has each function's code, in the words of a spec; nothing where there is none. Of a bucket that cannot be listed,
    or not to its end, `warn` is told."""
    sought = sorted(held, key=lambda item: item.target)
    found: dict[Target, dict[str, str]] = {}
    for bucket in buckets:
        left = [item for item in sought if item.target not in found]
        keys = _keys(aws, bucket, left, warn) if left else {}
        with ThreadPoolExecutor(WORKERS) as pool:
            for item, code in zip(left, pool.map(partial(_among, aws, bucket, keys), left), strict=True):
                found |= {item.target: code} if code else {}
    return found


def _keys(aws: Aws, bucket: str, held: list[Held], warn: Callable[[str], None]) -> dict[int, list[str]]:
    """The keys of a bucket's objects by size, as far as something of that size is sought; the newest first."""
    sizes, keys = {item.size for item in held}, dict[int, list[tuple[str, str]]]()
    pages = aws.pages(Place.of(held[0].target), LISTING, {"Bucket": bucket}, api="s3")
    try:
        for number, page in enumerate(pages):
            if number == MOST_PAGES:
                warn(f"bucket {bucket} has more than {MOST_PAGES * 1000:,} objects, of which no more were looked at")
                break
            for item in page.get("Contents", ()):
                if item["Size"] in sizes:
                    keys.setdefault(item["Size"], []).append((str(item["LastModified"]), item["Key"]))
    except Interrupted:
        raise
    except AwsError as failure:
        warn(f"bucket {bucket} cannot be looked through: {failure_text(LISTING, failure)}")
    return {size: [key for _, key in sorted(items, reverse=True)][:MOST_LOOKS] for size, items in keys.items()}


def _among(aws: Aws, bucket: str, keys: Mapping[int, list[str]], held: Held) -> dict[str, str]:
    candidates = ({"S3Bucket": bucket, "S3Key": key} for key in keys.get(held.size, ()))
    return next((code for candidate in candidates if (code := same(aws, held, candidate))), {})


def same(aws: Aws, held: Held, code: Mapping[str, str]) -> dict[str, str]:
    """The code, where a plan would find that it is what the function has; nothing otherwise. An object whose hash nobody knows is read, for
    it has the very size, and says it from then on."""
    if not code:
        return {}
    spec = Spec(held.target, "", (Desired(Key(held.target, FUNCTION.name), {"code": code}),), frozenset({"code"}))
    try:
        found = artifact(aws, spec)
        is_read = bool(found and not found.problem and not found.sha256 and "S3Key" in code)
        found = artifact(aws, spec, looking=Looking(downloads=True)) if is_read else found
    except Interrupted:
        raise
    except AwsError:
        return {}
    is_same = found and not found.problem and found.sha256 == held.sha256
    return {**code, **({"sha256": held.sha256} if is_read else {})} if is_same else {}
