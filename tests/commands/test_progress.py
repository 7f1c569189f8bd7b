"""What is told of a run on stderr: on a terminal a bar, elsewhere lines, and of an upload no more than a person can read."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from rich.progress import Progress

from reconciler.aws.pace import Traffic
from reconciler.commands import progress
from reconciler.core.model import Key, Target
from tests.conftest import House, function_spec

KEY, OTHER = (Key(Target("test", "us-west-2", name), "function") for name in ("one", "two"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *events: tuple[Key, str]) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.progress(2) as tell:
        for key, event in events:
            tell(key, "UpdateFunctionCode", event)
    return stream.getvalue()


@pytest.mark.parametrize(("seconds", "parts"), [(1000.0, (1,)), (0.0, (1, 2, 3))], ids=["too early", "late enough"])
def test_lines_tell_of_an_upload_now_and_then(
    seconds: float, parts: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", seconds)
    monkeypatch.setattr(progress, "written", lambda told, is_over: None)
    uploading = [(KEY, f"uploading {part} of 9 MB") for part in (1, 2, 3)]
    rest = [(OTHER, "uploading 5 of 9 MB"), (KEY, "uploaded 9 MB to s3://b/k\x1b[31m"), (KEY, "finished")]
    assert told(io.StringIO(), monkeypatch, (KEY, "started"), *uploading, *rest).splitlines() == [
        *(f"test/us-west-2/one: UpdateFunctionCode uploading {part} of 9 MB" for part in parts),
        "test/us-west-2/two: UpdateFunctionCode uploading 5 of 9 MB",
        "test/us-west-2/one: UpdateFunctionCode uploaded 9 MB to s3://b/k\\u001b[31m",
        "test/us-west-2/one: UpdateFunctionCode finished",
    ]


def test_an_upload_moves_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = dict[str, Any]()

    def watched(self: Any, *given: Any, **named: Any) -> None:
        seen["steps"] = seen.get("steps", 0) + 1

    monkeypatch.setattr(Progress, "advance", watched)
    told(Terminal(), monkeypatch, (KEY, "started"), (KEY, "uploading 1 of 9 MB"), (KEY, "uploaded 9 MB"), (KEY, "finished"))  # fmt: skip
    assert seen["steps"] == 1


@pytest.mark.parametrize(
    ("stream", "text"), [(io.StringIO(), "1 of 2 operations, 1 under way, 0.1 a second"), (Terminal(), "1 under way")]
)
def test_what_waits_for_aws_is_under_way(stream: io.StringIO, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "written", at_the_end)
    events = ((KEY, "started"), (OTHER, "started"), (OTHER, "uploading 1 of 9 MB"), (KEY, "finished"))
    assert text in told(stream, monkeypatch, *events)


class Clock:
    """Time that goes on while somebody waits; it is over after so many waits."""

    def __init__(self, waits: int) -> None:
        self.now, self._left = 100.0, waits

    def __call__(self) -> float:
        return self.now

    def is_over(self, seconds: float | None) -> bool:
        self.now += seconds or 0.0
        self._left -= 1
        return self._left < 0


def follow(
    waits: int, monkeypatch: pytest.MonkeyPatch, told: progress.Told = lambda seconds: [f"{seconds:.0f} s"]
) -> str:
    stream, clock = io.StringIO(), Clock(waits)
    monkeypatch.setattr(sys, "stderr", stream)
    progress.written(told, clock.is_over, clock)
    return stream.getvalue()


def test_a_line_is_told_every_ten_seconds_and_none_of_what_is_over_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    assert follow(0, monkeypatch) == ""
    assert follow(3, monkeypatch) == "10 s\n20 s\n30 s\n"


def test_where_there_is_nothing_to_tell_there_is_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert follow(3, monkeypatch, lambda _: []) == ""


def test_places_share_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert follow(1, monkeypatch, lambda _: ["one", "two"]) == "one; two\n"


def test_what_cannot_be_told_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: float) -> list[str]:
        raise ValueError

    assert follow(3, monkeypatch, broken) == ""


def test_a_terminal_shows_what_takes_longer_than_a_second_and_then_nothing_of_it_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream, clock = Terminal(), Clock(0)
    monkeypatch.setattr(sys, "stderr", stream)
    progress.drawn(lambda seconds: [f"read{seconds:.0f}\x1b"], clock.is_over, clock)
    assert stream.getvalue() == ""
    clock = Clock(1)
    progress.drawn(lambda seconds: [f"read{seconds:.0f}"], clock.is_over, clock)
    assert "read1" in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[2K")  # the line is erased


def test_a_terminal_is_left_alone_before_the_first_call_for_somebody_may_be_asked_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream, clock, asked = Terminal(), Clock(4), [0]
    monkeypatch.setattr(sys, "stderr", stream)
    told = progress.reading(
        lambda: [Traffic("1", "us-west-2", "", asked[0], 1, 1.0, 0)],
        dict,
        lambda: {("1", "us-west-2", ""): 9},
    )

    def is_over(seconds: float | None) -> bool:
        asked[0] = int(clock.now >= 101.5)
        assert asked[0] or not stream.getvalue()
        return clock.is_over(seconds)

    progress.drawn(told, is_over, clock)
    assert "reading 1/us-west-2: 1 of about 9 calls" in stream.getvalue()


def test_a_phase_within_a_phase_is_told_by_the_outer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "written", at_the_end)
    with progress.following(progress.phase("outer")), progress.following(progress.phase("inner")):
        pass
    with progress.following(progress.phase("next")):
        pass
    assert stream.getvalue() == "outer, 12 s\nnext, 12 s\n"


def at_the_end(told: progress.Told, is_over: progress.IsOver) -> None:
    """As `written`, with one line that is told when it is over, if there is anything to tell."""
    is_over(None)
    sys.stderr.writelines(f"{line}\n" for line in told(12.0))


def test_what_takes_long_is_told_on_stderr_and_stdout_is_the_document_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write("checkout.yaml", function_spec())
    monkeypatch.setattr(progress, "written", at_the_end)
    monkeypatch.setenv("RECONCILE_CALLS_PER_SECOND", "1000")
    result = house.run("plan", "--format", "json")
    assert result.json()["kind"] == "plan"
    told = result.err.splitlines()
    assert [line.split(",")[0] for line in told] == [
        "loading specs",
        "reading test/us-west-2: 2 of about 2 calls",
        "comparing",
    ]
    applied = house.run("apply", "--yes", "--format", "json")
    assert applied.json()["kind"] == "report"
    assert "applying: 1 of 1 operation, 0.1 a second, about 0 s left" in applied.err.splitlines()
