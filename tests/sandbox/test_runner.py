"""The child process that runs a handler: its limits, its log, what it leaves."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.lambda_.runner import HandlerResult, invoke_python, unpack
from tests.sandbox.conftest import zipped


def ran(
    source: str, event: Any = None, handler: str = "app.handle", seconds: float = 10, **variables: str
) -> HandlerResult:
    facts = {"aws_request_id": "r-1", "seconds": seconds}
    payload = json.dumps(event, ensure_ascii=False).encode()
    return invoke_python(zipped(source), handler, payload=payload, facts=facts, environment=variables)


def test_what_a_handler_leaves_running_in_a_session_of_its_own_is_not_waited_for() -> None:
    source = (
        "import subprocess, sys\ndef handle(event, context):\n"
        "    program = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "    return subprocess.Popen(program, start_new_session=True).pid\n"
    )
    child = int(ran(source).payload)
    assert Path("/proc", str(child), "cmdline").read_bytes()  # else it has ended
    os.kill(child, signal.SIGKILL)


def test_what_it_printed_before_its_time_was_over_is_in_the_log(begun: Path) -> None:
    found = ran(
        "import pathlib, time\ndef handle(event, context):\n    print('so far', flush=True)\n"
        "    pathlib.Path(event).touch()\n    time.sleep(60)\n",
        str(begun),
        seconds=0.5,
    )
    assert found.error == "Unhandled"
    assert found.log.startswith("so far\n")
    assert found.log.endswith("r-1 Task timed out after 0.50 seconds\n")


def test_letters_of_all_kinds_go_in_and_come_out() -> None:
    found = ran("def handle(event, context):\n    print(event)\n    return event\n", "ключ 🙂")
    assert json.loads(found.payload) == "ключ 🙂"
    assert "ключ 🙂" in found.log


def test_bytes_that_are_no_text_are_marked_in_the_log() -> None:
    found = ran("import sys\ndef handle(event, context):\n    sys.stdout.buffer.write(b'\\xff')\n")
    assert (found.error, found.payload, found.log) == ("", b"null", "\ufffd")


@pytest.mark.parametrize(
    ("source", "handler", "kind"),
    [
        ("import nothing_of_the_kind\n", "app.handle", "ModuleNotFoundError"),
        ("def other(event, context): ...\n", "app.handle", "AttributeError"),
        ("def handle(event, context):\n    return {1, 2}\n", "app.handle", "TypeError"),
        ("raise SystemExit(2)\n", "app.handle", "SystemExit"),
    ],
    ids=["a missing module", "a missing handler", "an answer that is no JSON", "an exit on import"],
)
def test_what_cannot_run_is_a_function_error(source: str, handler: str, kind: str) -> None:
    found = ran(source, handler=handler)
    assert found.error == "Unhandled"
    assert json.loads(found.payload)["errorType"] == kind


def test_it_sees_only_the_variables_that_it_is_given() -> None:
    found = ran("import os\ndef handle(event, context):\n    return dict(os.environ)\n", AA="1")
    held = json.loads(found.payload)
    assert {key: value for key, value in held.items() if key != "LC_CTYPE"} == {"AA": "1"}


def test_no_folder_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert ran("def handle(event, context):\n    open('made here', 'w').close()\n").error == ""
    assert list(tmp_path.iterdir()) == []


def test_links_in_a_zip_are_links_and_none_leads_out(tmp_path: Path) -> None:
    """As Lambda unpacks them; the file behind a link is there once."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("lib/real.py", "VALUE = 'real'\n")
        for name, leads in (
            ("vendored", "lib"),
            ("lib/again.py", "real.py"),
            ("out", "../.."),
            ("../up", "lib"),
            ("lib", "x"),
        ):
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, leads)
    root = tmp_path / "inner" / "root"
    root.mkdir(parents=True)
    with zipfile.ZipFile(packed) as archive:
        unpack(archive, root)
    assert sorted(path.name for path in root.iterdir()) == ["lib", "vendored"]
    assert (root / "vendored" / "again.py").read_text() == "VALUE = 'real'\n"
    assert (root / "vendored").is_symlink()
    assert (root / "lib" / "again.py").is_symlink()
    assert [path.name for path in root.parent.iterdir()] == ["root"]


def test_a_layer_lies_beside_the_code_and_a_later_one_over_it() -> None:
    def layer(word: str) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("python/words.py", f"WORD = {word!r}\n")
        return packed.getvalue()

    source = "import words\ndef handle(event, context):\n    return words.WORD\n"
    facts = {"aws_request_id": "r-1", "seconds": 10.0}
    found = invoke_python(
        zipped(source),
        "app.handle",
        payload=b"{}",
        facts=facts,
        environment={},
        layers=[layer("first"), layer("second")],
    )
    assert found.payload == b'"second"'
