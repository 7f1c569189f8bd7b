"""What of the live side could not be read, and why: one target's failure never stops another's reading.

A target enters once, with the first thing that went wrong; whoever reads on leaves it out. It never reads by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from typing import TypeVar

from reconciler.core import service
from reconciler.core.errors import AwsError, CallFailed, Interrupted, NoCredentials, SettleFailed
from reconciler.core.model import Target

Item = TypeVar("Item")
Result = TypeVar("Result")

# What helps, by how AWS's code begins or what it holds; the first that fits.
MENDS: Mapping[str, str] = {
    "ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature": (
        "renew the credentials of account {account}"
    ),
    "AccessDenied|Unauthorized|Forbidden|^403$": "allow {action} to the credentials of account {account}",
    "KMS": "enable the KMS key and let the credentials of account {account} use it",
    "TooManyRequests|Throttl|ServiceException|InternalError|Connect|Timeout|HTTPClient": "plan again later",
}
MOVING = "wait until it stands still, then plan again"
UNKNOWN = "look at it in AWS, then plan again"


class Unread:
    """The targets that could not be read, each with a sentence that a person can act on."""

    def __init__(self) -> None:
        self.reasons: dict[Target, str] = {}

    def add(self, targets: Iterable[Target], operation: str, failure: AwsError) -> None:
        for target in targets:
            self.reasons.setdefault(target, reason(target, operation, failure))

    def readable(self, targets: Iterable[Target]) -> list[Target]:
        return [target for target in targets if target not in self.reasons]

    def each(
        self,
        pool: Executor,
        operation: str,
        read: Callable[[Item], Result],
        items: Iterable[Item],
        target_of: Callable[[Item], Target],
    ) -> Iterator[tuple[Item, Result]]:
        """Side by side, what `read` gives of each item of a readable target; a target that it fails for is unread."""

        def attempt(item: Item) -> Result | AwsError:
            try:
                return read(item)
            except Interrupted:
                raise
            except AwsError as failure:
                return failure

        waiting = [
            (item, pool.submit(attempt, item)) for item in items if target_of(item) not in self.reasons
        ]  # all of them before the first is waited for; items may come one after the other
        try:
            for item, future in waiting:
                result = future.result()
                if isinstance(result, AwsError):
                    self.add([target_of(item)], operation, result)
                else:
                    yield item, result
        finally:
            for _, future in waiting:
                future.cancel()

    def join(self, other: Unread) -> None:
        """What could not be read elsewhere; of a target that is known already the first reason stays."""
        self.reasons = {**other.reasons, **self.reasons}

    def listed(
        self, operation: str, read: Callable[[], tuple[list[Item], bool]], targets: Iterable[Target]
    ) -> tuple[list[Item], bool]:
        """A listing of a whole place, and whether it was read to its end; when it fails, every target that needs it is unread."""
        try:
            return read()
        except Interrupted:
            raise
        except AwsError as failure:
            self.add(targets, operation, failure)
            return [], True


def reason(target: Target, operation: str, failure: AwsError) -> str:
    """Which target, what AWS said with its code, and what helps."""
    if isinstance(failure, NoCredentials):
        return f"{target} cannot be read: {failure}"
    return f"{target} cannot be read: {failure_text(operation, failure)}; {mend(target.account, f'{service.api_of(operation)}:{operation}', failure)}"


def failure_text(operation: str, failure: AwsError) -> str:
    if not isinstance(failure, CallFailed) or isinstance(failure, SettleFailed):
        return str(failure)
    details = [failure.code, f"request {failure.request_id}" if failure.request_id else ""]
    return f"{operation}: {str(failure).removeprefix(f'{operation}: ')} ({', '.join(filter(None, details))})"


def mend(account: str, action: str, failure: AwsError) -> str:
    """What helps; `action` is the permission that was used."""
    if isinstance(failure, SettleFailed):
        return MOVING
    code = failure.code if isinstance(failure, CallFailed) else type(failure.__cause__).__name__
    remedy = next((text for pattern, text in MENDS.items() if re.search(pattern, code)), UNKNOWN)
    return remedy.format(account=account, action=action)
