"""Runs a Python handler out of a zip in a child process that has nothing of ours.

Bytes and facts go in; payload, error and log come out. The child has an empty environment but for what it is given, a temporary
folder and a time limit, and its whole process group is killed at the end. The code runs on the user's machine, with the user's
rights; it never runs in this process.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Runs in the child; reads the event on stdin, writes the answer to the file named. What it prints goes to the log.
CHILD = """
import importlib, json, sys, time, traceback, types
folder, layers, handler, answer, facts = sys.argv[1:6]
sys.path[:0] = [folder, layers]
facts = json.loads(facts)
deadline = time.time() + facts.pop("seconds")
context = types.SimpleNamespace(get_remaining_time_in_millis=lambda: int((deadline - time.time()) * 1000), **facts)
try:
    module, _, name = handler.rpartition(".")
    function = getattr(importlib.import_module(module.replace("/", ".")), name)
    found = {"answer": json.dumps(function(json.load(sys.stdin), context))}
except BaseException as error:
    traceback.print_exc()
    lines = traceback.format_tb(error.__traceback__)
    found = {"error": json.dumps({"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": lines})}
with open(answer, "w") as file:
    json.dump(found, file)
"""


@dataclass(frozen=True, slots=True)
class HandlerResult:
    """What an invocation ended with; `error` is Lambda's FunctionError, empty when it went well."""

    payload: bytes
    error: str
    log: str


def failed(kind: str, message: str, log: str = "") -> HandlerResult:
    return HandlerResult(json.dumps({"errorMessage": message, "errorType": kind}).encode(), "Unhandled", log)


def invoke_python(
    zip_bytes: bytes,
    handler: str,
    *,
    payload: bytes,
    facts: Mapping[str, Any],
    environment: Mapping[str, str],
    layers: Iterable[bytes] = (),
) -> HandlerResult:
    """`facts` become the context's attributes; its `seconds` are the time limit. Of `layers` a later one lies over those before it."""
    with tempfile.TemporaryDirectory(prefix="reconcile-invoke-", ignore_cleanup_errors=True) as folder:
        root, shared, answer = Path(folder, "task"), Path(folder, "opt"), Path(folder, "answer")
        for content, where in ((zip_bytes, root), *((layer, shared) for layer in layers)):
            where.mkdir(exist_ok=True)
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                unpack(archive, where)
        command = [
            sys.executable,
            "-I",
            "-B",
            "-c",
            CHILD,
            str(root),
            str(shared / "python"),
            handler,
            str(answer),
            json.dumps(dict(facts)),
        ]
        request_id, seconds = facts["aws_request_id"], facts["seconds"]
        is_over = _ended(command, payload, seconds, environment, Path(folder))
        log = Path(folder, "log").read_text(encoding="utf-8", errors="replace")
        if is_over:
            message = f"{request_id} Task timed out after {seconds:.2f} seconds"
            return failed("Sandbox.Timedout", message, f"{log}{message}\n")
        if not answer.exists():
            return failed("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited", log)
        result = json.loads(answer.read_text(encoding="utf-8"))
        return HandlerResult(
            (result.get("answer") or result["error"]).encode(), "Unhandled" if "error" in result else "", log
        )


def unpack(archive: zipfile.ZipFile, root: Path) -> None:
    """What Lambda makes of a zip: links last, so that nothing is written through one, and only those that stay inside."""
    links = [entry for entry in archive.infolist() if stat.S_ISLNK(entry.external_attr >> 16)]
    for entry in archive.infolist():
        if entry not in links:
            archive.extract(entry, root)
    inside = Path(os.path.realpath(root))
    for entry in links:
        path, leads = inside / entry.filename, archive.read(entry).decode("utf-8", "replace")
        if all(Path(os.path.realpath(end)).is_relative_to(inside) for end in (path.parent, path.parent / leads)):
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError, ValueError):  # a name that is taken, or no name
                path.symlink_to(leads)


def _ended(command: list[str], payload: bytes, seconds: float, environment: Mapping[str, str], folder: Path) -> bool:
    """Run the child; whether its time was over. What it prints is in the folder's `log`: at the end of a pipe we would wait for
    whatever it left running with that pipe open."""
    event, log = Path(folder, "event"), Path(folder, "log")
    event.write_bytes(payload)
    with event.open("rb") as given, log.open("wb") as printed:
        child = subprocess.Popen(  # noqa: S603  the point of the sandbox: run the function, apart from ourselves
            command, stdin=given, stdout=printed, stderr=subprocess.STDOUT, cwd=folder / "task", env=dict(environment),
            start_new_session=True,
        )  # fmt: skip
    try:
        child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return True
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    return False
