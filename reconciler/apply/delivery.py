"""Packages that are too large for a request, put into the bucket that Lambda fetches them from: by what they hold, never over what is
there, and each once a run, however many functions it is of.

A put is whole or nothing, so a run that is killed leaves nothing that would have to be mended. One put takes 5 GB, more than any
package has, and lets S3 keep the hash of the whole, which an upload in parts would not.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

from reconciler.aws.bucket import TAKEN
from reconciler.aws.client import Aws
from reconciler.core.errors import CallFailed, CodeDiffers
from reconciler.core.model import Origin
from reconciler.core.packages import Blob, Pin
from reconciler.core.place import Place
from reconciler.core.words import byte_size
from reconciler.files.packages import PackageFile, Packages
from reconciler.snapshot.artifacts import MISSING, full_sha256, object_head

HIDDEN = ("403", "AccessDenied", "Forbidden")
MENDS = {
    "NoSuchBucket": "make the bucket, or correct `artifacts` in reconcile.yaml",
    "AccessDenied": "allow s3:PutObject there to the credentials that apply",
}
SECONDS_BETWEEN_WORDS = 1.0

Tell = Callable[[str], None]


@dataclass(slots=True)
class Deliveries:
    """Of one run. Safe to share between threads."""

    aws: Aws
    packages: Packages
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _one_at_a_time: dict[Pin, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))

    def put(self, place: Place, blob: Blob, pin: Pin, tell: Tell) -> int:
        """The package where it must be; how many bytes were put there, none where it was there already. Raises CallFailed, and CodeDiffers
        where something else is there or was packed."""
        with self._lock:
            own = self._one_at_a_time[pin]
        with own:
            if _is_there(self.aws, place, pin):
                return 0
            package = self.package(blob)
            return package.size if _put(self.aws, place, package, pin, tell) else 0

    def package(self, blob: Blob) -> PackageFile:
        """What the plan showed. Raises CodeDiffers where there is another meanwhile."""
        package = self.packages.packed(blob.path, Origin(blob.path))
        if blob.sha256 and package.sha256 != blob.sha256:
            raise CodeDiffers(f"{blob.path} is not what it was when the plan was made; plan again")
        return package


def _is_there(aws: Aws, place: Place, pin: Pin) -> bool:
    """Who may not look is told by S3's answer to the put, and by Lambda's to the call."""
    try:
        sha256 = full_sha256(object_head(aws, place, pin))
    except CallFailed as failure:
        if failure.code in (*MISSING, *HIDDEN):
            return False
        raise
    if sha256 not in ("", pin.sha256):
        message = f"{pin} holds other code than its name says: somebody put it there; find out who, and delete it"
        raise CodeDiffers(message, code="CodeDiffers")
    return True


def _put(aws: Aws, place: Place, package: PackageFile, pin: Pin, tell: Tell) -> bool:
    """Whether it was put there, rather than by somebody else meanwhile."""
    body = _Watched(package.opened(), package.size, tell)
    params: dict[str, Any] = {"Bucket": pin.bucket, "Key": pin.key, "Body": body, "ChecksumSHA256": pin.sha256}
    params |= {"ChecksumAlgorithm": "SHA256", "IfNoneMatch": "*"}
    try:
        aws.call(place, "PutObject", params, api="s3")
    except CallFailed as failure:
        if failure.code in TAKEN and _is_there(aws, place, pin):
            return False
        mend = MENDS.get(failure.code)
        message = f"the package cannot be put to {pin}: {failure}{f'; {mend}' if mend else ''}"
        raise CallFailed(
            message, code=failure.code, request_id=failure.request_id, attempts=failure.attempts,
            is_retryable=failure.is_retryable,
        ) from failure  # fmt: skip
    return True


class _Watched:
    """A file that tells, now and then, how far it has been read."""

    def __init__(self, file: IO[bytes], size: int, tell: Tell) -> None:
        self._file, self._size, self._tell = file, size, tell
        self.seek, self.tell = file.seek, file.tell
        self._told_at = time.monotonic()

    def read(self, size: int = -1) -> bytes:
        text = self._file.read(size)
        if time.monotonic() - self._told_at >= SECONDS_BETWEEN_WORDS:
            self._told_at = time.monotonic()
            self._tell(f"uploading {byte_size(self._file.tell())} of {byte_size(self._size)}")
        return text
