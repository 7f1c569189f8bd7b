"""One run from its first record to its exit code: an apply of a plan, or an invocation."""

from __future__ import annotations

import signal
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from reconciler.apply.perform import Performance, begin, perform, refuse
from reconciler.apply.run import Hear, Run
from reconciler.core.errors import PARTLY, FunctionFailed, Interrupted, PlanError, Rejected, StalePlan, Stopped
from reconciler.core.freezes import Broken
from reconciler.core.model import Key, Target
from reconciler.core.plans import Diagnostic, Plan
from reconciler.files.packages import Packages
from reconciler.report.journal import Journal, read_json
from reconciler.report.schemas import stamp

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

Tell = Callable[[Key, str, str], None]


def new_run_id() -> str:
    return uuid.uuid4().hex[:12]


class Stop:
    """Set by SIGINT, SIGTERM and what is asked beside them: the call in flight is finished, nothing more is begun."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.exit_code = 0
        self._condition: tuple[Callable[[], bool], int] = (lambda: False, 0)

    def now(self, exit_code: int) -> None:
        """Begin nothing more, and end with this exit code."""
        self.exit_code = exit_code
        self.event.set()

    def __call__(self) -> bool:
        is_over, exit_code = self._condition
        if not self.event.is_set() and is_over():
            self.now(exit_code)
        return self.event.is_set()

    @contextmanager
    def when(self, is_over: Callable[[], bool], exit_code: int) -> Iterator[None]:
        """For the block, ask this before each call as well."""
        self._condition = (is_over, exit_code)
        try:
            yield
        finally:
            self._condition = (lambda: False, 0)

    @contextmanager
    def listening(self) -> Iterator[None]:
        def stop(number: int, _: FrameType | None) -> None:
            self.now(128 + number)

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        except Interrupted as interrupted:  # while reading: a run's own are its targets' failures
            raise Stopped(f"{interrupted}; nothing was changed", self.exit_code) from interrupted
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class OfWhat:
    """The account/region that a run is about alone, what the runs have in common that are one: the run of a workflow, and the freezes that
    kept it from nothing."""

    place: str = ""
    group: str = ""
    broken: Broken = field(default_factory=Broken)

    @property
    def header(self) -> dict[str, Any]:
        """As the record has it."""
        broken = {"freezes": self.broken.freezes, "because": self.broken.because} if self.broken.freezes else {}
        more = {"place": self.place, "group": self.group, "broken": broken}
        return {name: value for name, value in more.items() if value}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, and where its report lies."""

    report: Mapping[str, Any]
    path: Path
    exit_code: int
    warning: str = ""


def run_plan(
    plan: Plan,
    document: Mapping[str, Any],
    aws: Aws,
    *,
    command: str,
    folder: Path,
    stop: Stop,
    tell: Tell,
    refused: Mapping[Target, Diagnostic],
    identifier: str = "",
    packages: Packages | None = None,
    of: OfWhat = OfWhat(),
    hear: Hear | None = None,
) -> Ending:
    """Perform a plan's operations, all but those of refused targets, and leave journal and report. `packages` are those that the plan
    was made of, where they are kept; `hear` is told what smoke events are answered."""
    started = datetime.now(UTC)
    identifier = identifier or new_run_id()
    name = f"{started.strftime('%Y%m%dT%H%M%S%fZ')}-{identifier}"
    with Journal(folder, name) as journal:
        run = Run(aws, journal, stop, tell, hear, packages or Packages())
        header = {
            "run": {
                "id": identifier,
                "command": command,
                "owner": f"{uuid.uuid4()}@{socket.gethostname()}",
                **of.header,
            },
            "provenance": document["provenance"],
            "summary": document["summary"],
        }
        begin(plan, run, header, refused, of.broken.said_of)
        for target, note in refused.items():
            refuse(target, note.error or PlanError.__name__, note.message, run)
        performance = perform(plan, run, leave_out=refused)
        status, exit_code = ending(performance, stop, refusal_code(refused))
        outcome = {"status": status, "exit_code": exit_code}
        journal.record({"event": "run_finished", "at": stamp(run.now()), "outcome": outcome})
    path = journal.path.with_suffix(".json")
    return Ending(read_json(path), path, exit_code)


def ending(performance: Performance, stop: Stop, refusal_code: int) -> tuple[str, int]:
    """The run's status and exit code, of its targets' outcomes."""
    total, done = len(performance.outcomes), performance.count("succeeded")
    refused, was_stale = performance.count("refused"), performance.count("stale")
    if done == total:
        status = "succeeded" if total else "unchanged"
    else:
        status = "partial" if done else "refused" if refused == total else "failed"
    if stop.exit_code:
        return status, stop.exit_code
    if performance.count("function failed"):
        return status, FunctionFailed.exit_code
    if performance.count("failed") or performance.count("not attempted"):
        return status, PARTLY
    if performance.count("rejected"):
        return status, Rejected.exit_code
    return status, StalePlan.exit_code if was_stale else refusal_code if refused else 0


def refusal_code(refused: Mapping[Target, Diagnostic]) -> int:
    """The exit code of a run in which nothing but these went wrong."""
    stale = any(note.error == StalePlan.__name__ for note in refused.values())
    return StalePlan.exit_code if stale else PlanError.exit_code
