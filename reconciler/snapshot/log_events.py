"""What a function has logged: the lines of its versions out of CloudWatch Logs, and each of them once while more come in. Never writes.

AWS tells the events of a group by time and knows no versions: which one wrote a line stands in the name of its stream (FACTS 10.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from reconciler.aws.client import Aws
from reconciler.aws.unread import failure_text, mend
from reconciler.core.errors import AwsError, CallFailed, Interrupted
from reconciler.core.model import Target
from reconciler.core.place import Place
from reconciler.kinds import log_group
from reconciler.kinds.base import LATEST
from reconciler.snapshot import qualified

STREAM = re.compile(r"\d{4}/\d\d/\d\d/(?P<function>[\w-]*)\[(?P<version>\$LATEST|\d+)\]")
LATE_MS = 60_000  # how much later than others an event may be found


@dataclass(frozen=True, slots=True)
class Line:
    """One event: when it happened, in milliseconds, and the version that wrote it, empty where the stream is none of Lambda's."""

    id: str
    at_ms: int
    stream: str
    version: str
    message: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines of whose: `versions` are those that may have written them, all where there is none; `pattern` is CloudWatch's."""

    target: Target
    group: str
    versions: frozenset[str] = frozenset()
    pattern: str = ""


def group_of(aws: Aws, target: Target) -> str:
    """The log group that a function writes to now; that of its name where it is gone, or may not be read."""
    try:
        answer = qualified.version(aws, target, LATEST)
    except Interrupted:
        raise
    except CallFailed:
        answer = None
    return log_group.named(target.function, answer["Configuration"] if answer else {})


def lines(aws: Aws, wanted: Wanted, since_ms: int) -> Iterator[Line]:
    """The lines since a moment, by time; what the versions that wrote them have in their environment is hidden. Raises AwsError."""
    params = {"logGroupName": wanted.group, "startTime": since_ms}
    params |= {"filterPattern": wanted.pattern} if wanted.pattern else {}
    met = set[str]()
    try:
        for page in aws.pages(Place.of(wanted.target), "FilterLogEvents", params):
            for event in page["events"]:
                written = STREAM.match(event["logStreamName"])
                version = written["version"] if written else ""
                if not is_wanted(wanted, version, written["function"] if written else ""):
                    continue
                if version and version not in met:
                    met.add(version)
                    with suppress(CallFailed):
                        qualified.version(aws, wanted.target, version)
                message = aws.redaction.text(event["message"], (wanted.target.function,))
                yield Line(event["eventId"], event["timestamp"], event["logStreamName"], version, message)
    except CallFailed as failure:
        raise AwsError(problem(wanted, failure)) from failure


def is_wanted(wanted: Wanted, version: str, function: str) -> bool:
    """Whether a line is of the function and of its versions. Groups that several functions share have the name in the stream."""
    return function in ("", wanted.target.function) and (not wanted.versions or version in wanted.versions)


def problem(wanted: Wanted, failure: CallFailed) -> str:
    """Why there are no lines, and what to do."""
    if failure.code == "ResourceNotFoundException":
        return (
            f"{wanted.target}: there is no log group {wanted.group}; Lambda makes it when the function is first invoked, and "
            "`log_group: {}` in its spec before that"
        )
    if isinstance(failure, Interrupted):
        return str(failure)
    remedy = mend(wanted.target.account, "logs:FilterLogEvents", failure)
    return f"{wanted.target}: {failure_text('FilterLogEvents', failure)}; {remedy}"


@dataclass(slots=True)
class Tail:
    """Lines as they come in: each one once, also one that is found later than others that happened after it."""

    since_ms: int
    _seen: dict[str, int] = field(default_factory=dict)

    def fresh(self, found: Iterable[Line], now_ms: int) -> Iterator[Line]:
        """Those that were not seen before. Looks begin at `since_ms` from then on."""
        for line in found:
            if line.id not in self._seen:
                self._seen[line.id] = line.at_ms
                yield line
        newest = min(max(self._seen.values(), default=0), now_ms)
        self.since_ms = max(self.since_ms, newest - LATE_MS)
        self._seen = {name: at_ms for name, at_ms in self._seen.items() if at_ms >= self.since_ms}


def followed(
    look: Callable[[int], Iterable[Line]], since_ms: int, now_ms: Callable[[], int], goes_on: Callable[[], bool]
) -> Iterator[Line]:
    """Lines for as long as somebody wants them; `goes_on` waits before the next look."""
    tail = Tail(since_ms)
    while True:
        yield from tail.fresh(look(tail.since_ms), now_ms())
        if not goes_on():
            return


def versions_of(aws: Aws, target: Target, qualifier: str) -> Collection[str]:
    """The versions that a qualifier means; all where it is empty. Raises AwsError where there is no such alias."""
    if not qualifier:
        return frozenset()
    versions = frozenset(qualified.shares(aws, target, qualifier))
    if not versions:
        raise AwsError(f"{target} has no {qualified.lacking(aws, target, qualifier)}")
    return versions
