"""What a function logs: the lines since a moment, or for as long as somebody reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands.naming import named
from reconciler.commands.output import is_read
from reconciler.report.schemas import FORMAT_VERSION, stamp

if TYPE_CHECKING:
    from reconciler.snapshot.log_events import Line

SECONDS_BETWEEN_LOOKS = 2.0


@dataclass(frozen=True, slots=True)
class Request:
    """Whose lines, since when; `alias` may be a version, too, and is empty for all of them; `pattern` is CloudWatch's."""

    word: str
    alias: str
    since: datetime
    pattern: str
    follows: bool = False


def logged(request: Request, path: Path) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """What is told of all lines, and the lines, each read when it is asked for. Raises AwsError, SelectionError."""
    from reconciler.snapshot.log_events import Wanted, followed, group_of, lines, versions_of

    place = named(request.word, path)
    aws = place.connected()
    group = group_of(aws, place.target)
    wanted = Wanted(place.target, group, frozenset(versions_of(aws, place.target, request.alias)), request.pattern)
    since_ms = int(request.since.timestamp() * 1000)

    def goes_on() -> bool:
        if is_read():
            aws.pause(SECONDS_BETWEEN_LOOKS)
        return is_read()

    look = partial(lines, aws, wanted)
    found = followed(look, since_ms, now_ms, goes_on) if request.follows else look(since_ms)
    about = {
        "format_version": FORMAT_VERSION,
        "kind": "logs",
        "address": str(place.target),
        "log_group": group,
        "since": stamp(request.since),
    }
    return about, map(event, found)


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def event(line: Line) -> dict[str, Any]:
    """A line as a document has it."""
    at = stamp(datetime.fromtimestamp(line.at_ms / 1000, UTC))
    return {"id": line.id, "at": at, "stream": line.stream, "version": line.version, "message": line.message}
