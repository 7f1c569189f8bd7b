"""One apply at a time: an object in S3, made only where none is, renewed while the run lives. Fails closed.

Without an answer from S3 nobody holds the lock, and nothing is applied. One clock says whether a lock is dead, S3's own:
what it says when the object was last written, against the date of its answer. A run's clock says only how long the run
itself may go on.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from reconciler.aws.bucket import NO_OBJECT, TAKEN, Store, location
from reconciler.core.errors import AwsError, CallFailed, Locked

LEASE_SECONDS = 120.0
HEARTBEAT_SECONDS = 30.0
HOLDERS_SHARE = 0.9  # of the lease: a holder stops before anybody else may begin
WHAT_HELPS = {
    "NoSuchBucket": "make that bucket, or name one that is there under `lock` in reconcile.yaml",
    "AccessDenied": "the role needs s3:GetObject, s3:PutObject and s3:DeleteObject there",
}


def elapsed() -> float:
    """Seconds that go on while the machine sleeps, where the system can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Lease:
    """A held lock, as its holder sees it. `tag` is the object's ETag, `since` when the last write of it that S3 confirmed
    was sent."""

    def __init__(self, tag: str, since: float, clock: Callable[[], float]) -> None:
        self.tag, self.since, self._clock = tag, since, clock

    def is_over(self) -> bool:
        """Whether somebody else may hold the lock by now; nothing may be written from here on."""
        return self._clock() - self.since >= LEASE_SECONDS * HOLDERS_SHARE


@contextmanager
def held(
    store: Store,
    url: str,
    run_id: str,
    *,
    now: Callable[[], float] = time.time,
    lost: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = elapsed,
) -> Iterator[Lease]:
    """Hold the lock for the block; `lost` is called when somebody else has it all the same. Raises Locked, naming owner,
    run and what is left of its lease, when somebody else does, AwsError when S3 does not answer."""
    lock, since = Lock(store, url, run_id, now), clock()
    lease = Lease(lock.taken(), since, clock)
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            since = clock()
            try:
                lease.tag = lock.renewed(lease.tag)
                lease.since = since
            except Locked:
                lost()
                return
            except AwsError:
                continue  # a beat is missed, for the lease outlives several

    beats = threading.Thread(target=beat, daemon=True)
    beats.start()
    try:
        yield lease
    finally:
        over.set()
        beats.join()
        lock.release()


@dataclass(frozen=True, slots=True)
class Lock:
    """An object in S3, as the run that wants it sees it. `now` is the run's own clock, by which nobody judges."""

    store: Store
    url: str
    run_id: str
    now: Callable[[], float] = time.time

    def taken(self) -> str:
        """The ETag of the lock that is now ours. Raises Locked, AwsError."""
        try:
            self._write(IfNoneMatch="*")
        except CallFailed as failure:
            if failure.code not in TAKEN:
                raise _unanswered(self.url, "taken", failure) from failure
        else:
            self._require_conditions()
            return self._confirmed()
        holder, tag = read(self.store, self.url)
        if self._is_ours(holder):
            return tag  # our own write, whose first answer was lost
        if holder and not _is_dead(holder):
            raise Locked(
                f"{holder['owner']} holds the lock {self.url} (run {holder['run']}{_left(holder)}); "
                f"wait, or, if that run is dead, `reconcile unlock {holder['run']}`"
            )
        try:  # its holder is dead; of several who find that out, one wins
            self._write(**({"IfMatch": tag} if holder else {"IfNoneMatch": "*"}))
        except CallFailed as failure:
            if failure.code not in (*TAKEN, *NO_OBJECT):
                raise _unanswered(self.url, "taken", failure) from failure
        return self._confirmed()

    def renewed(self, tag: str) -> str:
        """The lock's new ETag after one beat; `tag` is the one before. Looks first: a store may ignore conditions, and another
        tag than `tag` on a lock of ours is our own last beat, whose answer was lost. Raises Locked when it is not ours any
        more, CallFailed when S3 does not answer."""
        holder, current = _read(self.store, self.url)
        if not self._is_ours(holder) and current != tag:
            raise Locked(f"the lock {self.url} is not ours any more")
        try:
            return str(self._write(IfMatch=current)["ETag"])
        except CallFailed as failure:
            if failure.code not in (*TAKEN, *NO_OBJECT):
                raise
        holder, current = _read(self.store, self.url)
        if self._is_ours(holder):
            return current  # the beat's first answer was lost
        raise Locked(f"the lock {self.url} is not ours any more")

    def release(self) -> None:
        with suppress(AwsError, Locked):  # what cannot be deleted expires
            holder, tag = read(self.store, self.url)
            if self._is_ours(holder):
                self.store("DeleteObject", {**location(self.url), "IfMatch": tag})

    def _write(self, **condition: str) -> Mapping[str, Any]:
        """`expires_at` is for people, and for releases that judged by it."""
        expires_at = self.now() + LEASE_SECONDS
        body = {"owner": _owner(), "run": self.run_id, "expires_at": expires_at, "lease_seconds": LEASE_SECONDS}
        return self.store("PutObject", {**location(self.url), "Body": json.dumps(body).encode(), **condition})

    def _require_conditions(self) -> None:
        """A store that ignores `If-None-Match` would give the lock to everybody, and so to nobody: what we have just written
        must be in our own way. Raises AwsError."""
        try:
            self._write(IfNoneMatch="*")
        except CallFailed as failure:
            if failure.code in TAKEN:
                return
            self.release()
            raise _unanswered(self.url, "taken", failure) from failure
        self.release()
        raise AwsError(
            f"the lock {self.url} holds nobody off: its store ignores conditional writes (If-None-Match); "
            "use a bucket of S3; nothing was changed"
        )

    def _confirmed(self) -> str:
        """The ETag of the lock, read back. Raises Locked when it is not ours after all."""
        holder, tag = read(self.store, self.url)
        if self._is_ours(holder):
            return tag
        raise Locked(f"the lock {self.url} was taken by somebody else just now; nothing was changed")

    def _is_ours(self, holder: Mapping[str, Any] | None) -> bool:
        return holder is not None and holder["run"] == self.run_id


def _owner() -> str:
    """A courtesy to whoever waits: a user without an entry in passwd is named by number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = f"uid-{os.getuid()}" if hasattr(os, "getuid") else "somebody"
    return f"{user}@{socket.gethostname()}"


def _unanswered(url: str, what: str, failure: CallFailed) -> AwsError:
    """That nobody can tell who holds the lock is no word of anybody who does."""
    how = WHAT_HELPS.get(failure.code, "")
    said = f"the lock {url} cannot be {what}: {failure} ({failure.code})"
    return AwsError("; ".join(filter(None, (said, how, "nothing was changed"))))


def _is_dead(holder: Mapping[str, Any]) -> bool:
    """Whether the lock stood still for a whole lease by S3's clock; what S3 does not date is alive. A body of an earlier
    release says itself when it ends."""
    age, date = holder["age_seconds"], holder["read_at"]
    is_ended = "lease_seconds" not in holder and date is not None and holder["expires_at"] <= date
    return is_ended or (age is not None and age >= LEASE_SECONDS)


def _left(holder: Mapping[str, Any]) -> str:
    age = holder["age_seconds"]
    return "" if age is None else f", for another {max(LEASE_SECONDS - age, 0):.0f} s unless renewed"


def read(store: Store, url: str) -> tuple[dict[str, Any] | None, str]:
    """Who holds the lock, and its ETag; None when nobody does. Raises AwsError when that cannot be told."""
    try:
        return _read(store, url)
    except CallFailed as failure:
        raise _unanswered(url, "read", failure) from failure


def _read(store: Store, url: str) -> tuple[dict[str, Any] | None, str]:
    try:
        answer = store("GetObject", location(url))
        body = json.loads(answer["Body"].read())
        holder = {"owner": str(body["owner"]), "run": str(body["run"]), "expires_at": float(body["expires_at"])}
        lease = {"lease_seconds": float(body["lease_seconds"])} if "lease_seconds" in body else {}
        return {**holder, **lease, **_dated(answer)}, answer["ETag"]
    except CallFailed as failure:
        if failure.code in NO_OBJECT:
            return None, ""
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise Locked(f"the lock {url} holds something that is not a lock of ours; look at it and delete it") from error


def _dated(answer: Mapping[str, Any]) -> dict[str, float | None]:
    """When the answer was given and how old the lock was then, both by S3's clock; None where S3 does not say."""
    written, header = answer.get("LastModified"), answer.get("Date")
    date = parsedate_to_datetime(header) if header else None
    age = (date - written).total_seconds() if date and isinstance(written, datetime) else None
    return {"age_seconds": age, "read_at": date.timestamp() if date else None}


def unlock(store: Store, url: str, run_id: str) -> None:
    """Take the lock away from a run that is dead. Raises Locked when another run holds it, or none."""
    holder, tag = read(store, url)
    if not holder:
        raise Locked(f"nobody holds the lock {url}")
    if holder["run"] != run_id:
        raise Locked(f"run {holder['run']} of {holder['owner']} holds the lock {url}, not {run_id}")
    store("DeleteObject", {**location(url), "IfMatch": tag})
