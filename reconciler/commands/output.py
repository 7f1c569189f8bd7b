"""The two ways out of the program: stdout is the result, stderr the log; and how an error leaves by them.

Everything passes one gate, so that no text of a spec, of AWS, of a file's name or of the command line can order a terminal
or GitHub's log about, whoever printed it. Who stops reading stops nothing: the command does what it was asked to.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import Any, TextIO

import click

from reconciler.commands.options import form_wanted
from reconciler.core.errors import ReconcileError, ReportError, SpecError
from reconciler.core.foreign import Gate, printable
from reconciler.report import formats
from reconciler.report.formats import View


def say(text: Any) -> None:
    """One line for the log."""
    click.echo(printable(text), err=True)


def warn(text: str) -> None:
    say(f"warning: {text}")


def show(text: str) -> None:
    """The result, or a part of it; lines of ours, in our colours where the stream has any."""
    click.echo(text, nl=False, color=True)


def obeyed(line: str) -> None:
    """A command of ours to GitHub's runner, past the gate that keeps all others from it; whoever makes the line keeps foreign
    text in it inert."""
    sys.stdout.flush()
    beneath = getattr(sys.stdout, "beneath", sys.stdout)
    print(line, file=beneath, flush=True)


def is_read() -> bool:
    """Whether anybody still takes the result; only who would go on for ever need ask."""
    return bool(getattr(sys.stdout, "is_open", True))


def is_terminal() -> bool:
    """Whether a person reads the result, rather than a program."""
    return sys.stdout.isatty()


def watch(look: Callable[[], str], seconds: float) -> None:
    """Show what a look gives, on a terminal with nothing else on it, again and again until Ctrl-C. A look that fails once there was
    one is told in its place."""
    with until_interrupted():
        _redraw(look())
        while is_read():
            sleep(seconds)
            try:
                text = look()
            except ReconcileError as error:
                text = "".join(f"{line}\n" for line in messages(error))
            _redraw(text)


def _redraw(text: str) -> None:
    sys.stdout.flush()
    getattr(sys.stdout, "beneath", sys.stdout).write("\x1b[H\x1b[2J\x1b[3J")
    show(text)


@contextmanager
def until_interrupted() -> Iterator[None]:
    """What goes on until somebody has seen enough: Ctrl-C is its end, and no failure."""
    with suppress(KeyboardInterrupt):
        yield


def has_colour(stream: Any) -> bool:
    """On a terminal that can, unless NO_COLOR says no; FORCE_COLOR says yes in any case."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


@contextmanager
def gated() -> Iterator[None]:
    """stdout and stderr behind the gate. Redirected they are UTF-8 whatever the locale says, as JSON must be; a terminal
    gets in its own encoding what that has, and the rest as escapes."""
    _open_what_is_closed()
    out, err = sys.stdout, sys.stderr

    def out_lost(error: OSError) -> None:
        _lead_nowhere(out)
        if not isinstance(error, BrokenPipeError):  # else nobody wants the rest
            raise ReportError(f"stdout: cannot be written: {error.strerror}") from error

    sys.stdout = _behind_the_gate(out, out_lost, may_paint=True)
    sys.stderr = _behind_the_gate(err, lambda _: _lead_nowhere(err), may_paint=False)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


def _open_what_is_closed() -> None:
    """The streams that the caller closed lead nowhere, so that no file of ours gets their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  for as long as the program runs


def _lead_nowhere(stream: TextIO) -> None:
    """What is still to be flushed when the program ends can be written."""
    with suppress(OSError):  # a stream that is no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _behind_the_gate(stream: TextIO, lost: Callable[[OSError], None], *, may_paint: bool) -> Any:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure and stream.isatty():
        reconfigure(errors="backslashreplace")
    elif reconfigure:
        reconfigure(encoding="utf-8", errors="backslashreplace")
    return Gate(stream, has_colour=may_paint and has_colour(stream), lost=lost)


def failed(error: Exception, code: int) -> int:
    """Tell an error, a line a mistake; stdout gets it in the format that was asked for, too."""
    lines = messages(error)
    for line in lines:
        say(line if isinstance(error, SpecError) else f"error: {line}")
    if isinstance(error, SpecError) and len(lines) > 1:
        say(f"{len(lines)} mistakes.")
    show_as_asked(error, code)
    return code


def show_as_asked(error: Exception, code: int) -> None:
    """An error in the format that was asked for, as far as that can be told."""
    form = form_wanted(sys.argv[1:], os.environ)
    if form in formats.NAMES:
        show(formats.of(form).error(error_document(error, code), view()))


def messages(error: Exception) -> list[str]:
    return [printable(line) for line in _lines(error)]


def _lines(error: Exception) -> list[str]:
    match error:
        case SpecError():
            return [str(fault) for fault in error.faults]
        case ReconcileError():
            return str(error).splitlines()
        case click.ClickException():
            return error.format_message().splitlines()
        case OSError(filename=name, strerror=reason) if name:
            return [f"{os.fsdecode(name)}: {reason}"]
        case _:
            return [f"unexpected {type(error).__name__}: {error}"]


def error_document(error: Exception, code: int) -> dict[str, Any]:
    """An error as a document; what is wrong in files also with its place."""
    from reconciler.report.schemas import FORMAT_VERSION

    document = {"format_version": FORMAT_VERSION, "kind": "error", "exit_code": code}
    document |= {"error": type(error).__name__, "messages": messages(error)}
    if not isinstance(error, SpecError):
        return document
    return document | {
        "faults": [
            {
                "file": fault.origin.path,
                "line": fault.origin.line,
                "column": fault.origin.column,
                "message": fault.message,
            }
            for fault in error.faults
        ]
    }


def view(whole_in: str = "") -> View:
    """How stdout shows a document; in GitHub's Actions with the addresses that these give."""
    server, repository = os.environ.get("GITHUB_SERVER_URL", ""), os.environ.get("GITHUB_REPOSITORY", "")
    address = f"{server}/{repository}"
    if not re.fullmatch(r"https?://[\w.:-]+(/[\w.-]+){2}", address, re.ASCII):
        return View(has_colour(sys.stdout), whole_in)
    root, github_run = os.environ.get("GITHUB_WORKSPACE", ""), os.environ.get("GITHUB_RUN_ID", "")
    commit = os.environ.get("GITHUB_SHA", "")
    return View(
        has_colour(sys.stdout),
        whole_in,
        repository_url=address,
        commit=commit if re.fullmatch("[0-9a-f]{40,64}", commit) else "",
        folder=os.path.relpath(Path.cwd(), root) if root else "",
        run_url=f"{address}/actions/runs/{github_run}" if github_run.isdecimal() else "",
    )
