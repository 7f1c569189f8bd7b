"""What is told of a run on stderr: on a terminal a bar, elsewhere lines, and of an upload no more than a person can read."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from rich.progress import Progress

from reconciler.commands import progress
from reconciler.core.model import Key, Target

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
