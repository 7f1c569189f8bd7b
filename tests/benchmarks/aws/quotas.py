"""Lambda's quotas, counted strictly: in no second, wherever it begins, are more calls let through than there may be."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

QUOTAS: Mapping[str, int] = {"GetFunction": 100, "GetPolicy": 15}  # a second, of an account and region
SCARCE, SCARCE_QUOTA = "all others", 15


def bucket_of(operation: str) -> str:
    return operation if operation in QUOTAS else SCARCE


def quota_of(bucket: str) -> int:
    return QUOTAS.get(bucket, SCARCE_QUOTA)


class Quotas:
    """By account, region and bucket: the moments of what was let through in the last second. A call that is refused takes nothing."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str, str], deque[float]] = {}

    def takes(self, account: str, region: str, operation: str, now: float) -> bool:
        """Whether a call may be carried out now."""
        bucket = bucket_of(operation)
        taken = self._taken.setdefault((account, region, bucket), deque())
        while taken and taken[0] <= now - 1.0:
            taken.popleft()
        is_free = len(taken) < quota_of(bucket)
        if is_free:
            taken.append(now)
        return is_free
