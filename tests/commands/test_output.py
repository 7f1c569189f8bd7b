"""Where output goes and how errors end: files, pipes and links of the user's, encodings, and a stable exit code for each."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reconciler.commands.invoke import LARGEST_PAYLOAD, payload_in
from tests.conftest import House, function_spec
from tests.sampling import named, sampled

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"


def command(house: House, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments], cwd=house.root, env={**os.environ, **environment},
        capture_output=True, check=False,
    )  # fmt: skip


# --- encodings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "form"), sampled(named("cp1252", "ascii", "latin-1"), named("text", "json", "markdown"))
)
def test_a_plan_does_not_die_of_the_streams_encoding(house: House, encoding: str, form: str) -> None:
    house.write("checkout.yaml", function_spec(configuration='Description: "→ 日本 \U0001f600"'))
    result = command(house, "plan", "--format", form, PYTHONIOENCODING=encoding)
    assert result.returncode == 0, result.stderr
    assert "→ 日本 \U0001f600" in result.stdout.decode("utf-8") or form == "markdown"


# --- files of the user's ---------------------------------------------------------------------------------------------


def test_a_result_has_the_rights_that_the_mask_gives(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    before = os.umask(0o027)
    try:
        assert house.run("plan", "-o", "plan.json").exit_code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((house.root / "plan.json").stat().st_mode) == 0o640


def test_a_file_that_is_there_keeps_its_rights(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    path = house.root / "plan.json"
    path.touch(mode=0o604)
    path.chmod(0o604)
    house.run("plan", "-o", "plan.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_link_is_written_through(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    (house.root / "real.json").write_text("old")
    (house.root / "link.json").symlink_to("real.json")
    house.run("plan", "-o", "link.json")
    assert (house.root / "link.json").is_symlink()
    assert json.loads((house.root / "real.json").read_text())["kind"] == "plan"


def test_a_pipe_is_written_through(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    os.mkfifo(house.root / "pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((house.root / "pipe").read_text()))
    reader.start()
    house.run("snapshot", "-o", "pipe")
    reader.join(10)
    assert json.loads(read[0])["kind"] == "snapshot"


def test_a_device_is_written_through(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    assert house.run("plan", "-o", "/dev/null").exit_code == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("path", ["specs", "specs/checkout.yaml/x", "/proc/x", "link"])
def test_what_cannot_be_written_is_a_mistake_of_the_command_line(house: House, path: str) -> None:
    house.write("checkout.yaml", function_spec())
    (house.root / "link").symlink_to("nowhere/else")
    result = house.run("plan", "-o", path)
    assert result.exit_code == 2
    assert "unexpected" not in result.err


# --- payloads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_payload_is_read_in_every_encoding_that_json_may_have(house: House, encoding: str) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    (house.root / "event.json").write_bytes('{"name": "Zoë"}'.encode(encoding))
    assert house.run("invoke", "checkout", "--payload-file", "event.json").exit_code == 0


@pytest.mark.parametrize("content", ['{"name": "Zoë"}'.encode("latin-1"), b"\xff\xfe\x00", b"[" * 100_000, b"{"])
def test_another_payload_is_a_mistake_of_the_command_line(house: House, content: bytes) -> None:
    house.write("checkout.yaml", function_spec())
    (house.root / "event.json").write_bytes(content)
    result = house.run("invoke", "checkout", "--payload-file", "event.json")
    assert result.exit_code == 2
    assert "JSON" in result.err


@pytest.mark.parametrize("source", ["a device without end", "a large file"])
def test_a_payload_larger_than_lambda_takes_is_a_mistake_and_is_not_read_to_its_end(house: House, source: str) -> None:
    house.write("checkout.yaml", function_spec())
    path = Path("/dev/zero")
    if source == "a large file":
        path = house.root / "event.json"
        path.write_bytes(b'"' + b"x" * (6 * 2**20 - 1) + b'"')
    result = house.run("invoke", "checkout", "--payload-file", str(path))
    assert result.exit_code == 2
    assert f"{path}: is larger than 6,291,456 bytes" in result.err


def test_a_payload_comes_through_a_pipe(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    pipe = house.root / "event"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b'{"name": "' + b"x" * 200_000 + b'"}',))
    writer.start()
    result = house.run("invoke", "checkout", "--payload-file", "event")
    writer.join()
    assert result.exit_code == 0, result.err


def test_a_payload_as_large_as_lambda_takes_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_bytes(b"x" * LARGEST_PAYLOAD)
    assert payload_in(path) == path.read_bytes()


def test_what_cannot_be_read_is_a_mistake_of_the_command_line(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    result = house.run("invoke", "checkout", "--payload-file", "/proc/self/mem")
    assert result.exit_code == 2
    assert "/proc/self/mem: cannot be read" in result.err


# --- words -------------------------------------------------------------------------------------------------------------


def test_one_is_said_as_one(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    assert house.run("validate").out == "1 spec valid, 1 target.\n"
    house.write("audit.yaml", function_spec("audit"))
    assert house.run("validate").out == "2 specs valid, 2 targets.\n"


def test_a_dry_run_is_a_plan(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    result = house.run("apply", "--dry-run", "--yes")
    assert result.exit_code == 2
    assert "`reconcile plan` shows what it would do" in result.err
    assert not house.writes()


def test_progress_and_tasks_name_the_resource(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    house.write("checkout.yaml", function_spec(key="v2.zip", extra=LIVE))
    house.apply()
    house.write("checkout.yaml", function_spec(key="v2.zip", extra=LIVE + 'versions: {"1": {state: absent}}\n'))
    result = house.run("apply", "--yes")
    assert "test/us-west-2/checkout/version/1: DeleteFunction finished\n" in result.err
    assert "DeleteFunction version/1" in house.run("tasks").out
    (performed,) = house.newest_report()["tasks"][0]["operations"]
    assert performed["address"] == "test/us-west-2/checkout/version/1"


def test_a_failure_names_the_resource(house: House) -> None:
    from reconciler.sandbox.around.faults import Fault, Script

    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.sandbox.gate.script = Script([Fault("CreateAlias", code="AccessDeniedException", status=403, message="no")])
    assert "failed: test/us-west-2/checkout/alias/live: " in house.run("apply", "--yes").out


@pytest.mark.parametrize("house_wide", [False, True])
def test_a_refusal_is_told_once(house: House, house_wide: bool) -> None:
    if house_wide:
        house.write("checkout.yaml", function_spec())
        house.apply()
        config = (house.root / "specs/reconcile.yaml").read_text() + "guards: {maxDeletes: 0}\n"
        house.write("reconcile.yaml", config, stock=False)
        house.write("checkout.yaml", "function: checkout\naccount: test\nregion: us-west-2\nstate: absent\n")
        words = "the plan deletes or replaces 1"
    else:
        house.write(
            "checkout.yaml", "function: checkout\naccount: test\nregion: us-west-2\nconfiguration: {Timeout: 3}\n"
        )
        words = "does not exist; to create it"
    result = house.run("apply", "--yes")
    assert result.exit_code == 21
    assert (result.out + result.err).count(words) == 1


def test_a_refused_target_is_counted_and_nothing_is_claimed_beside_it(house: House) -> None:
    house.write("checkout.yaml", "function: checkout\naccount: test\nregion: us-west-2\nconfiguration: {Timeout: 3}\n")
    for form in ("text", "markdown"):
        out = house.run("plan", "--format", form).out
        assert "1 refused" in out
        assert "No changes" not in out


def test_a_working_folder_that_is_gone_is_told(house: House, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"import os, sys; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r}); sys.argv = ['reconcile', 'plan']; from reconciler.cli import main; main()"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})  # fmt: skip
    assert result.returncode in (2, 20), result.stderr
    assert "unexpected" not in result.stderr
