"""One apply at a time: an object in S3, made only where none is, renewed while the run lives. Fails closed.

Without an answer from S3 nobody holds the lock, and nothing is applied.
"""

from __future__ import annotations

import getpass
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from reconciler.errors import CallFailed, Locked

LEASE_SECONDS = 120.0
HEARTBEAT_SECONDS = 30.0
TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")
MISSING = ("NoSuchKey", "404")


class Store(Protocol):
    """An S3 bucket's calls: (operation, params) -> answer. Raises CallFailed."""

    def __call__(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]: ...


def place(url: str) -> dict[str, str]:
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}


@contextmanager
def held(
    store: Store,
    url: str,
    run: str,
    now: Callable[[], float] = time.time,
    lost: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Hold the lock for the block; `lost` is called when somebody else has it all the same. Raises Locked, naming owner, run and expiry, when somebody else does."""
    tag = _taken(store, url, run, now)
    over = threading.Event()
    holder = threading.Thread(target=_renew, args=(store, url, run, now, tag, over, lost), daemon=True)
    holder.start()
    try:
        yield
    finally:
        over.set()
        holder.join()
        _release(store, url, run)


def _body(run: str, expires_at: float) -> bytes:
    owner = f"{getpass.getuser()}@{socket.gethostname()}"
    return json.dumps({"owner": owner, "run": run, "expires_at": expires_at}).encode()


def _taken(store: Store, url: str, run: str, now: Callable[[], float]) -> str:
    """The ETag of the lock that is now ours."""
    body = _body(run, now() + LEASE_SECONDS)
    try:
        return str(store("PutObject", {**place(url), "Body": body, "IfNoneMatch": "*"})["ETag"])
    except CallFailed as failure:
        if failure.code not in TAKEN:
            raise Locked(
                f"the lock {url} cannot be taken: {failure} ({failure.code}); nothing was changed"
            ) from failure
    found, tag = read(store, url)
    if found and found["expires_at"] > now():
        left = found["expires_at"] - now()
        raise Locked(
            f"{found['owner']} holds the lock {url} (run {found['run']}, for another {left:.0f} s unless renewed); "
            f"wait, or, if that run is dead, `reconcile unlock {found['run']}`"
        )
    try:  # expired: its holder is dead; of several who find that out, one wins
        condition = {"IfMatch": tag} if found else {"IfNoneMatch": "*"}
        return str(store("PutObject", {**place(url), "Body": body, **condition})["ETag"])
    except CallFailed as failure:
        raise Locked(f"the lock {url} was taken by somebody else just now; nothing was changed") from failure


def read(store: Store, url: str) -> tuple[dict[str, Any] | None, str]:
    """Who holds the lock, and its ETag; None when nobody does. Raises Locked when that cannot be told."""
    try:
        answer = store("GetObject", place(url))
        found = json.loads(answer["Body"].read())
        return {
            "owner": str(found["owner"]),
            "run": str(found["run"]),
            "expires_at": float(found["expires_at"]),
        }, answer["ETag"]
    except CallFailed as failure:
        if failure.code in MISSING:
            return None, ""
        raise Locked(f"the lock {url} cannot be read: {failure} ({failure.code}); nothing was changed") from failure
    except (ValueError, KeyError, TypeError) as error:
        raise Locked(f"the lock {url} holds something that is not a lock of ours; look at it and delete it") from error


def _renew(
    store: Store,
    url: str,
    run: str,
    now: Callable[[], float],
    tag: str,
    over: threading.Event,
    lost: Callable[[], None],
) -> None:
    while not over.wait(HEARTBEAT_SECONDS):
        try:
            tag = renewed(store, url, run, now, tag)
        except Locked:
            lost()
            return


def renewed(store: Store, url: str, run: str, now: Callable[[], float], tag: str) -> str:
    """The lock's new ETag after one beat. Raises Locked when it is not ours any more; a beat that S3 does not answer is
    missed, for the lease outlives several."""
    body = _body(run, now() + LEASE_SECONDS)
    try:
        return str(store("PutObject", {**place(url), "Body": body, "IfMatch": tag})["ETag"])
    except CallFailed as failure:
        if failure.code not in (*TAKEN, *MISSING):
            return tag
    found, current = read(store, url)
    if found and found["run"] == run:
        return current  # our own beat, whose answer was lost
    raise Locked(f"the lock {url} is not ours any more")


def _release(store: Store, url: str, run: str) -> None:
    with suppress(CallFailed, Locked):  # what cannot be deleted expires
        found, tag = read(store, url)
        if found and found["run"] == run:
            store("DeleteObject", {**place(url), "IfMatch": tag})


def unlock(store: Store, url: str, run: str) -> None:
    """Take the lock away from a run that is dead. Raises Locked when another run holds it, or none."""
    found, tag = read(store, url)
    if not found:
        raise Locked(f"nobody holds the lock {url}")
    if found["run"] != run:
        raise Locked(f"run {found['run']} of {found['owner']} holds the lock {url}, not {run}")
    store("DeleteObject", {**place(url), "IfMatch": tag})
