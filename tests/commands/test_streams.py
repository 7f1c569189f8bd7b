"""Streams that nobody reads, that take no more or that are not there: the command does what it was asked to, and its exit
code says how that went."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import main
from reconciler.cli.ending import finish
from reconciler.commands.output import gated
from reconciler.commands.run import Ending
from reconciler.core.errors import ReportError
from tests.conftest import House, function_spec

BROKEN = "function: 5\n"


class Refusing(io.StringIO):
    """A stream that takes nothing, as a full disk or a pipe without a reader."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def write(self, text: str) -> int:
        raise OSError(self._number, os.strerror(self._number))


def ended(house: House, out: io.StringIO, err: io.StringIO, *arguments: str) -> Any:
    """What the command line ends with."""
    before, sys.argv = sys.argv, ["reconcile", *arguments]
    try:
        with contextlib.chdir(house.root), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as done:
        return done.code
    finally:
        sys.argv = before


def shell(house: House, script: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        ["/bin/sh", "-c", script.replace("RECONCILE", f"{sys.executable} -m reconciler")],
        cwd=house.root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_who_stops_reading_stops_no_apply(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    assert ended(house, Refusing(errno.EPIPE), io.StringIO(), "apply", "--yes") == 0
    assert house.writes() == ["CreateFunction"]


def test_who_stops_reading_gets_the_commands_own_exit_code(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    assert ended(house, Refusing(errno.EPIPE), io.StringIO(), "plan", "--detailed-exitcode") == 10


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC, errno.EBADF])
def test_a_log_that_cannot_be_written_changes_no_exit_code(house: House, number: int) -> None:
    house.write("checkout.yaml", BROKEN, stock=False)
    assert ended(house, io.StringIO(), Refusing(number), "validate") == 20


@pytest.mark.parametrize("arguments", [("plan",), ("plan", "--format", "json"), ("apply", "--yes")])
def test_a_result_that_cannot_be_written_is_told_and_nothing_is_changed(
    house: House, arguments: tuple[str, ...]
) -> None:
    house.write("checkout.yaml", function_spec())
    err = io.StringIO()
    assert ended(house, Refusing(errno.ENOSPC), err, *arguments) == 2
    assert err.getvalue() == "error: stdout: cannot be written: No space left on device\n"
    assert not house.writes()


@pytest.mark.parametrize(("ended_with", "exit_code"), [(25, 25), (0, 2)])
def test_a_run_that_cannot_be_shown_keeps_what_it_ended_with(ended_with: int, exit_code: int) -> None:
    err = io.StringIO()
    out = Refusing(errno.ENOSPC)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), gated(), pytest.raises(SystemExit) as done:
        finish(Ending({}, Path("reports/x.json"), ended_with), "Apply partial\n")
    assert done.value.code == exit_code
    assert err.getvalue().endswith("Report: reports/x.json\n")


def test_a_full_stream_is_told_once_however_it_is_written_to() -> None:
    with contextlib.redirect_stdout(Refusing(errno.ENOSPC)), gated():
        with pytest.raises(ReportError):
            sys.stdout.write("x")
        sys.stdout.write("y")


@pytest.mark.parametrize(
    ("script", "exit_code"),
    [
        ("RECONCILE validate >&-", 0),
        ("RECONCILE validate ./nowhere 2>&-", 20),
        ("RECONCILE apply <&- >&- 2>&-", 21),
        ("RECONCILE validate 1</dev/null", 2),
    ],
)
def test_a_stream_that_is_closed_is_no_fault_of_ours(house: House, script: str, exit_code: int) -> None:
    house.write("checkout.yaml", function_spec())
    result = shell(house, script)
    assert result.returncode == exit_code
    assert "Traceback" not in result.stderr
    assert "unexpected" not in result.stderr


def test_a_full_device_ends_without_a_trace(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    result = shell(house, "RECONCILE validate >/dev/full")
    assert (result.returncode, result.stderr) == (2, "error: stdout: cannot be written: No space left on device\n")


def test_a_plan_file_on_stdout_and_the_plan_do_not_overwrite_each_other(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    assert shell(house, "RECONCILE plan -o /dev/stdout > both.txt").returncode == 0
    document, end = json.JSONDecoder().raw_decode((house.root / "both.txt").read_text())
    assert document["kind"] == "plan"
    assert (house.root / "both.txt").read_text()[end:].strip().startswith("test/us-west-2/checkout\n")
