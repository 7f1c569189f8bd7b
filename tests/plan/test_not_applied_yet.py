"""What git changed since a target was last applied is told as not applied yet, by the reports that can be had; it is no drift."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.commands import distant
from reconciler.spec.history import History
from tests.conftest import House, function_spec
from tests.plan.test_causes import MARKED, commit, fields
from tests.spec.test_hostile_git import git

MEMORY, TIMEOUT = "/configuration/MemorySize", "/configuration/Timeout"
NOT_APPLIED = "left out with --drift: what is not applied yet, in resources: "


def spec(name: str = "one", timeout: int = 3, memory: int = 128) -> str:
    return function_spec(name, configuration=f"Timeout: {timeout}\nMemorySize: {memory}")


@pytest.fixture
def waiting(house: House) -> House:
    """Two functions that were applied, and a commit since that raises the time of one, which nobody has applied."""
    house.write("reconcile.yaml", MARKED, stock=False)
    for name in ("one", "two"):
        house.write(f"{name}.yaml", spec(name))
    git(house.root, "init", "-q", "-b", "main")
    (house.root / ".gitignore").write_text("reports\nelsewhere\n")
    commit(house, "Ada")
    house.apply()
    house.write("one.yaml", spec(timeout=9))
    commit(house, "Bob")
    return house


def notes(house: House, *flags: str) -> list[str]:
    return [note["message"] for note in house.plan(*flags)["diagnostics"]]


def without_reports(house: House) -> None:
    (house.root / "reports").rename(house.root / "elsewhere")


def test_what_git_changed_and_nobody_applied_is_no_drift_and_is_counted(waiting: House) -> None:
    assert fields(waiting, "--drift") == {}
    assert f"{NOT_APPLIED}1" in notes(waiting, "--drift")
    waiting.lambda_.update_function_configuration(FunctionName="one", MemorySize=512)
    assert fields(waiting, "--drift") == {MEMORY: ("drift", "")}
    assert f"{NOT_APPLIED}1" in notes(waiting, "--drift")


def test_a_report_makes_the_difference(waiting: House) -> None:
    without_reports(waiting)
    assert fields(waiting, "--drift") == {TIMEOUT: ("drift", "")}


def test_it_names_who_wrote_the_line_and_is_told_beside_edits(waiting: House) -> None:
    bob = f"{git(waiting.root, 'rev-parse', 'HEAD')[:10]} Ada"
    waiting.write("one.yaml", spec(timeout=9, memory=256))
    found = fields(waiting, "--base", "main")
    assert found[TIMEOUT][0] == "unapplied"
    assert found[TIMEOUT][1].partition(" ")[0] == bob.partition(" ")[0]
    assert found[MEMORY] == ("edit", "not committed")
    shown = waiting.run("plan", "--base", "main").out
    assert "Timeout     3 → 9  not applied yet specs/one.yaml:8" in shown


def test_an_apply_that_left_a_target_undone_leaves_it_where_it_was(waiting: House) -> None:
    waiting.write("two.yaml", spec("two", timeout=7))
    commit(waiting, "Cleo")
    waiting.run("apply", "--yes", "specs/two.yaml")
    assert fields(waiting, "--drift") == {}
    waiting.lambda_.update_function_configuration(FunctionName="two", Timeout=3)
    assert fields(waiting, "--drift") == {TIMEOUT: ("drift", "")}


def test_a_commit_that_is_not_in_this_clone_is_told_and_the_base_stands_for_it(waiting: House) -> None:
    git(waiting.root, "checkout", "-q", "--orphan", "rewritten")
    commit(waiting, "Ada")
    git(waiting.root, "branch", "-D", "main")
    git(waiting.root, "reflog", "expire", "--expire=now", "--all")
    git(waiting.root, "gc", "-q", "--prune=now")
    assert fields(waiting, "--drift") == {TIMEOUT: ("drift", "")}
    (told,) = [note for note in notes(waiting, "--drift") if note.endswith("(W210)")]
    assert "which 2 targets were last applied from; compared with HEAD instead" in told


def test_a_report_that_was_committed_tells_nothing(waiting: House) -> None:
    without_reports(waiting)
    forged = json.loads(next((waiting.root / "elsewhere").glob("*.json")).read_text())
    (waiting.root / "reports").mkdir()
    (waiting.root / "reports" / "20990101T000000000000Z-abcdefabcdef.json").write_text(json.dumps(forged))
    assert fields(waiting, "--drift") == {TIMEOUT: ("drift", "")}


def test_each_commit_is_looked_at_once_however_many_targets_it_has(
    waiting: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        waiting.write(f"f{number}.yaml", spec(f"f{number}"))
    commit(waiting, "Cleo")
    waiting.apply()
    for number in range(12):
        waiting.write(f"f{number}.yaml", spec(f"f{number}", memory=256))
    commit(waiting, "Dora")
    looked: list[str] = []
    specs_at = History.specs_at

    def counting(self: History, revision: str, *given: Any, **named: Any) -> Any:
        looked.append(revision)
        return specs_at(self, revision, *given, **named)

    monkeypatch.setattr(History, "specs_at", counting)
    assert fields(waiting, "--drift") == {}
    assert len(looked) == len(set(looked)) == 3


# --- reports that lie in S3 -----------------------------------------------------------------------------------------


@pytest.fixture
def kept(waiting: House) -> House:
    """Its reports lie in a bucket alone."""
    s3 = waiting.sandbox.clients.get("s3", "123456789012", "us-west-2")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    waiting.write("reconcile.yaml", MARKED + "reports: s3://kept/shop\n", stock=False)
    commit(waiting, "Ada")
    without_reports(waiting)
    put(waiting)
    return waiting


def put(house: House, **other: Any) -> None:
    """The report that there is, or one like it."""
    document = json.loads(next((house.root / "elsewhere").glob("*.json")).read_text())
    name = f"shop/{other.pop('name', '20260101T000000000000Z-abcdefabcdef')}.json"
    document |= other
    s3 = house.sandbox.clients.get("s3", "123456789012", "us-west-2")
    s3.put_object(Bucket="kept", Key=name, Body=json.dumps(document).encode())


def test_reports_in_s3_say_what_was_last_applied(kept: House) -> None:
    kept.sandbox.requests.clear()
    assert fields(kept, "--drift") == {}
    assert f"{NOT_APPLIED}1" in notes(kept, "--drift")
    assert not (kept.root / "reports").exists()


def test_they_are_read_from_the_newest_back_to_one_that_speaks_of_all(
    kept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(kept.root, "rev-parse", "HEAD~1")
    document = json.loads(next((kept.root / "elsewhere").glob("*.json")).read_text())
    run = {**document["run"], "command": "ci apply", "started_at": "2026-06-01T00:00:00.000Z"}
    put(
        kept, name="20260601T000000000000Z-abcdefabcdef", run=run, provenance={**document["provenance"], "commit": head}
    )
    put(kept, name="20260701T000000000000Z-abcdefabcdef", tasks="no report")
    read: list[str] = []
    report = distant._report

    def reading(get: Any, address: Any) -> Any:
        read.append(address["Key"].rpartition("/")[2])
        return report(get, address)

    monkeypatch.setattr(distant, "_report", reading)
    assert fields(kept, "--drift") == {TIMEOUT: ("drift", "")}
    assert [name.partition("T")[0] for name in read] == ["20260701", "20260601"]


def test_a_bucket_that_cannot_be_read_is_told_and_stops_nothing(waiting: House) -> None:
    waiting.write("reconcile.yaml", MARKED + "reports: s3://nowhere/shop\n", stock=False)
    without_reports(waiting)
    assert fields(waiting, "--drift") == {TIMEOUT: ("drift", "")}
    (told,) = [note for note in notes(waiting, "--drift") if note.endswith("(W211)")]
    assert told.startswith("s3://nowhere/shop cannot be read, so what is not applied yet may count as drift: ")


def test_with_a_saved_snapshot_nobody_is_asked(kept: House) -> None:
    kept.run("snapshot", "-o", "elsewhere/live.json")
    kept.sandbox.requests.clear()
    assert fields(kept, "--drift", "--snapshot", "elsewhere/live.json") == {TIMEOUT: ("drift", "")}
    assert kept.sandbox.requests == []
