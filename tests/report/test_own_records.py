"""Our own records are ours: what lies in the folder of reports, or in the bucket, and was not written by a run of this
machine is neither completed nor copied, and stops nothing."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reconciler.report.journal import Journal, complete
from tests.conftest import ACCOUNT, CONFIG, REGION, House, function_spec
from tests.report.journals import begun, done, lines, written

CHAIN = ("UpdateAlias",)
RUN = lines([begun(("one", CHAIN)), *done("one", CHAIN)])


def told(house: House, *arguments: str) -> list[str]:
    """The warnings of a command that goes well all the same."""
    result = house.run(*arguments)
    assert result.exit_code == 0, result.err
    return [line.removeprefix("warning: ") for line in result.err.splitlines() if line.startswith("warning: ")]


def reports(house: House) -> Path:
    house.write("one.yaml", function_spec("one"))
    folder = house.root / "reports"
    folder.mkdir()
    return folder


def by_hand(folder: Path) -> Path:
    path = folder / "x.jsonl"
    path.write_bytes(RUN)
    return path


def copied(folder: Path) -> Path:
    """What a run on this very machine wrote, as git would put it there."""
    own = written(folder.parent / "own.jsonl", RUN)
    return Path(shutil.copy2(own, folder / "x.jsonl"))


def dangling(folder: Path) -> Path:
    (folder / "x.jsonl").symlink_to("gone")
    return folder / "x.jsonl"


def endless(folder: Path) -> Path:
    (folder / "x.jsonl").symlink_to("/dev/zero")
    return folder / "x.jsonl"


def linked(folder: Path) -> Path:
    (folder / "x.jsonl").symlink_to(written(folder.parent / "own.jsonl", RUN))
    return folder / "x.jsonl"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "x.jsonl")
    return folder / "x.jsonl"


def a_folder(folder: Path) -> Path:
    (folder / "x.jsonl").mkdir()
    return folder / "x.jsonl"


def garbage(folder: Path) -> Path:
    (folder / "x.jsonl").write_bytes(b"[" * 100_000 + b"\n")
    return folder / "x.jsonl"


FOREIGN = [by_hand, copied, dangling, endless, linked, pipe, a_folder, garbage]


@pytest.mark.parametrize("make", FOREIGN, ids=lambda make: make.__name__)
def test_a_journal_that_is_not_ours_is_named_once_and_left_alone(house: House, make: Any) -> None:
    folder = reports(house)
    make(folder)
    for arguments in (["apply", "--yes"], ["tasks"]):
        named = [line for line in told(house, *arguments) if "x.jsonl" in line]
        assert named == [
            "reports/x.jsonl: is not the journal of a run of this user on this machine, so it is left alone"
        ]
    assert not os.path.lexists(folder / "x.json")


def test_a_journal_that_is_not_ours_is_not_copied_to_the_house_s_bucket(house: House) -> None:
    s3 = house.sandbox.clients.get("s3", ACCOUNT, REGION)
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    house.write("reconcile.yaml", CONFIG + "reports: s3://kept/history\n", stock=False)
    folder = reports(house)
    copied(folder)
    mine = written(folder / "mine.jsonl", RUN)
    assert house.run("apply", "--yes").exit_code == 0
    names = {item["Key"].rpartition("/")[2] for item in s3.list_objects_v2(Bucket="kept")["Contents"]}
    assert {"mine.json", "mine.jsonl"} < names
    assert not names & {"x.json", "x.jsonl"}
    assert mine.with_suffix(".json").exists()


def test_the_journal_of_another_user_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "x.jsonl", RUN)
    monkeypatch.setattr("reconciler.report.ours.user", lambda: 4711)
    assert complete(tmp_path) == []


def test_a_run_that_was_killed_is_completed_by_the_next_one(house: House) -> None:
    folder = reports(house)
    killed = Journal(folder, "killed")
    killed.record(begun(("one", CHAIN)))
    os.close(killed._file)
    result = house.run("apply", "--yes")
    assert "its report is now reports/killed.json" in result.err
    assert json.loads((folder / "killed.json").read_text())["outcome"]["exit_code"] is None


@pytest.mark.parametrize("leads", ["elsewhere", "gone", "/etc"])
@pytest.mark.parametrize("place", ["reports", "out/reports"])
@pytest.mark.parametrize("command", [["apply", "--yes"], ["tasks"], ["invoke", "one"]], ids=" ".join)
def test_a_folder_of_reports_behind_a_link_is_refused_by_name(
    house: House, leads: str, place: str, command: list[str]
) -> None:
    house.write("one.yaml", function_spec("one"))
    if command[0] == "invoke":
        house.run("apply", "--yes", "--report-dir", "earlier")
    (house.root / "elsewhere" / "reports").mkdir(parents=True)
    (house.root / place.partition("/")[0]).symlink_to(leads)
    before = sorted((house.root / "elsewhere").rglob("*"))
    house.sandbox.requests.clear()
    result = house.run(*command, "--report-dir", place)
    assert result.exit_code == 2
    assert "is a link" in result.err or "there is no such folder" in result.err
    assert sorted((house.root / "elsewhere").rglob("*")) == before
    assert house.writes() == []


# --- reports that are only read -------------------------------------------------------------------------------------


def test_a_broken_report_does_not_hide_the_others(house: House) -> None:
    folder = reports(house)
    house.apply()
    (folder / "a.json").write_text("{")
    (folder / "b.json").symlink_to("/dev/zero")
    (folder / "c.json").symlink_to("gone")
    os.mkfifo(folder / "d.json")
    (folder / "e.json").write_text('{"kind": "report", "tasks": [1]}')
    listed = house.run("tasks", "--format", "json")
    assert len(listed.json()) == 1
    assert [line.partition(": ")[2].partition(":")[0] for line in listed.err.splitlines()] == [
        f"reports/{name}.json" for name in "edcba"
    ]
    one = house.run("tasks", listed.json()[0]["id"])
    assert one.exit_code == 0
    assert {**one.json(), "run": listed.json()[0]["run"]} == listed.json()[0]


def test_fetched_reports_are_for_nobody_else_and_a_broken_object_does_not_stop_them(house: House) -> None:
    s3 = house.sandbox.clients.get("s3", ACCOUNT, REGION)
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    house.write("reconcile.yaml", CONFIG + "reports: s3://kept/history\n", stock=False)
    reports(house)
    house.apply()
    for name, body in {"a.json": b"{", "b.json": b"[]", "c.json": b'{"kind": "report"}', "x\0y.json": b"{}"}.items():
        s3.put_object(Bucket="kept", Key=f"history/{name}", Body=body)
    before = os.umask(0o022)
    try:
        fetched = house.run("tasks", "--specs", "specs", "--report-dir", "elsewhere", "--format", "json")
    finally:
        os.umask(before)
    assert fetched.exit_code == 0, fetched.err
    assert len(fetched.json()) == 1
    assert all(f"history/{name}.json" in fetched.err for name in "abc")
    kept = list((house.root / "elsewhere").iterdir())
    assert len(kept) == 1
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600


def test_a_report_without_a_journal_of_ours_does_not_say_what_was_sent(house: House) -> None:
    from reconciler.report.sent import documents

    folder = reports(house)
    house.apply()
    (path,) = folder.glob("*.json")
    assert len(list(documents(folder))) == 1
    shutil.copy(path, folder / "committed.json")
    assert len(list(documents(folder))) == 1
    path.with_suffix(".jsonl").unlink()
    assert list(documents(folder)) == []


def test_git_makes_another_file_of_a_journal(tmp_path: Path) -> None:
    """What the ownership of a journal rests on: a commit carries its bytes, and not what file it was."""
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    own = tmp_path / "own"
    own.mkdir()
    written(own / "x.jsonl", RUN)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], cwd=own, check=True)
    subprocess.run([*git, "clone", "-q", "own", "theirs"], cwd=tmp_path, check=True)
    assert complete(tmp_path / "theirs") == []
    assert complete(own) == [own / "x.json"]
