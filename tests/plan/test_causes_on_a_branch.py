"""Why something differs on a branch: what its base has and it lacks is told, and taking that back is no edit of the branch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import House, function_spec
from tests.plan.test_causes import LOCAL, MARKED, commit, deletions, fields
from tests.spec.test_hostile_git import git

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
CANARY = "publish: true\naliases: {live: {FunctionVersion: published}, canary: {FunctionVersion: published}}\n"
MEMORY, TIMEOUT = "/configuration/MemorySize", "/configuration/Timeout"


def spec(timeout: int = 3, memory: int = 128, extra: str = LIVE) -> str:
    return function_spec("one", configuration=f"Timeout: {timeout}\nMemorySize: {memory}", extra=extra)


@pytest.fixture
def grown(house: House) -> House:
    """A branch that raises the time, and main, which meanwhile raised the memory and applied that; the branch is checked out."""
    house.write("reconcile.yaml", MARKED, stock=False)
    house.write("one.yaml", spec())
    git(house.root, "init", "-q", "-b", "main")
    (house.root / ".gitignore").write_text("reports\n")
    commit(house, "Ada")
    git(house.root, "checkout", "-qb", "change")
    house.write("one.yaml", spec(timeout=9))
    commit(house, "Bob")
    git(house.root, "checkout", "-q", "main")
    house.write("one.yaml", spec(memory=512))
    commit(house, "Cleo")
    house.apply()
    git(house.root, "checkout", "-q", "change")
    return house


def causes(house: House, *flags: str) -> dict[str, Any]:
    return {path: cause for path, (cause, _) in fields(house, *(flags or ("--base", "main"))).items()}


def lacking(house: House, *flags: str) -> list[str]:
    notes = house.plan(*(flags or ("--base", "main")))["diagnostics"]
    return [note["message"] for note in notes if note.get("rule") == "W209"]


def test_what_only_the_base_changed_is_behind_and_the_branch_is_told_what_it_lacks(grown: House) -> None:
    assert causes(grown)[TIMEOUT] == "edit"
    assert causes(grown)[MEMORY] == "behind"
    (told,) = lacking(grown)
    assert told.startswith("this branch lacks 1 commit of main; what it changed is not compared as an edit")
    assert fields(grown, "--base", "main")[TIMEOUT][1].endswith("Bob")
    assert fields(grown, "--base", "main")[MEMORY][1] == ""
    assert "MemorySize  512 → 128  behind its base" in grown.run("plan", "--base", "main").out


@pytest.mark.parametrize("how", ["merge", "rebase"])
def test_a_branch_that_was_brought_up_to_date_lacks_nothing(grown: House, how: str) -> None:
    if how == "merge":
        git(grown.root, "merge", "-q", "-X", "theirs", "main", "-m", "main")
        grown.write("one.yaml", spec(timeout=9, memory=512))
    else:
        git(grown.root, "reset", "-q", "--hard", "main")
        grown.write("one.yaml", spec(timeout=9, memory=512))
    commit(grown, "Bob")
    assert causes(grown) == {TIMEOUT: "edit", "/aliases/live/FunctionVersion": "edit"}
    assert lacking(grown) == []


def test_taking_back_what_the_base_did_is_an_edit_where_the_branch_had_it(grown: House) -> None:
    git(grown.root, "checkout", "-qB", "change", "main")
    grown.write("one.yaml", spec(timeout=9, memory=128))
    dora = commit(grown, "Dora")
    assert fields(grown, "--base", "main")[MEMORY] == ("edit", dora)


def test_what_somebody_did_by_hand_is_drift_on_a_branch_that_lacks_commits_too(grown: House) -> None:
    grown.lambda_.update_function_configuration(FunctionName="one", MemorySize=1024, Timeout=77)
    assert causes(grown)[MEMORY] == "drift"
    assert causes(grown)[TIMEOUT] == "both"


def test_an_alias_that_only_the_base_has_is_behind_and_so_is_a_spec(grown: House) -> None:
    git(grown.root, "checkout", "-q", "main")
    grown.write("one.yaml", spec(memory=512, extra=CANARY))
    grown.write("two.yaml", function_spec("two"))
    commit(grown, "Cleo")
    grown.apply()
    git(grown.root, "checkout", "-q", "change")
    assert deletions(grown, "--base", "main", "--prune") == {"alias": ("behind", ""), "function": ("behind", "")}
    assert lacking(grown)[0].startswith("this branch lacks 2 commits of main")


def test_local_code_that_only_the_base_changed_is_behind(house: House) -> None:
    house.write("reconcile.yaml", MARKED, stock=False)
    (house.root / "src").mkdir()
    (house.root / "src" / "app.py").write_text("one\n")
    house.write("one.yaml", function_spec("one").replace(LOCAL, "code: {path: ../src}"))
    git(house.root, "init", "-q", "-b", "main")
    (house.root / ".gitignore").write_text("reports\n")
    commit(house, "Ada")
    git(house.root, "branch", "change")
    (house.root / "src" / "app.py").write_text("two\n")
    commit(house, "Cleo")
    house.apply()
    git(house.root, "checkout", "-q", "change")
    assert set(fields(house, "--base", "main").values()) == {("behind", "")}
    (house.root / "src" / "app.py").write_text("three\n")
    bob = commit(house, "Bob")
    assert set(fields(house, "--base", "main").values()) == {("edit", bob)}


def test_of_a_shallow_clone_it_is_not_told_what_it_lacks(grown: House, tmp_path: Path) -> None:
    git(grown.root, "branch", "-f", "tip", "main")
    clone = tmp_path / "clone"
    git(
        tmp_path,
        "clone",
        "-q",
        "--depth",
        "1",
        "--no-single-branch",
        "-b",
        "change",
        f"file://{grown.root}",
        str(clone),
    )
    shallow = House(clone, grown.sandbox)
    assert lacking(shallow, "--base", "origin/main") == []
    assert any("shallow" in note["message"] for note in shallow.plan("--base", "origin/main")["diagnostics"])


def test_a_base_of_another_history_is_compared_with_as_it_is(grown: House) -> None:
    git(grown.root, "checkout", "-q", "--orphan", "other")
    commit(grown, "Dora")
    assert causes(grown)[MEMORY] == "edit"
    assert lacking(grown)[0].startswith("this branch lacks 2 commits of main")


# --- what a review of such a plan is good for ---------------------------------------------------------------------------


def reviewed_and_merged(house: House) -> None:
    """The plan of the branch that lacks main's commit is approved, and the branch is merged."""
    assert house.run("plan", "--base", "main", "-o", "reports/plan.json").exit_code == 0
    git(house.root, "checkout", "-q", "main")
    house.write("one.yaml", spec(timeout=9, memory=512))
    commit(house, "Ada")


def applied(house: House) -> int:
    return house.run("apply", "--yes", "--approved", "reports/plan.json").exit_code


def test_what_the_branch_lacked_stops_no_apply_of_its_merge(grown: House) -> None:
    reviewed_and_merged(grown)
    assert applied(grown) == 0
    assert grown.plan()["in_sync"]
    held = grown.lambda_.get_function_configuration(FunctionName="one")
    assert (held["Timeout"], held["MemorySize"]) == (9, 512)


def test_what_was_told_as_kept_by_a_merge_is_not_approved_to_be_taken_back(grown: House) -> None:
    reviewed_and_merged(grown)
    grown.write("one.yaml", spec(timeout=9))
    commit(grown, "Dora")
    result = grown.run("apply", "--yes", "--approved", "reports/plan.json")
    assert (result.exit_code, "+/configuration/MemorySize: 512 → 128" in result.out) == (23, True)


def test_of_a_function_that_only_the_base_changed_nothing_was_approved(grown: House) -> None:
    git(grown.root, "reset", "-q", "--hard", "HEAD~1")
    reviewed_and_merged(grown)
    grown.write("one.yaml", spec(memory=128))
    result = grown.run("apply", "--yes", "--approved", "reports/plan.json")
    assert (result.exit_code, "was not in the approved plan" in result.out) == (23, True)
    grown.write("one.yaml", spec(memory=512))
    result = grown.run("apply", "--yes", "--approved", "reports/plan.json")
    assert (result.exit_code, "W240" in result.out) == (0, False)


def test_a_deletion_that_only_the_base_calls_off_is_not_approved(grown: House) -> None:
    git(grown.root, "checkout", "-q", "main")
    grown.write("one.yaml", spec(memory=512, extra=CANARY))
    commit(grown, "Cleo")
    grown.apply()
    git(grown.root, "checkout", "-q", "change")
    reviewed_and_merged(grown)
    result = grown.run("apply", "--yes", "--approved", "reports/plan.json")
    assert (result.exit_code, "+delete test/us-west-2/one/alias/canary" in result.out) == (23, True)


# --- what judges ----------------------------------------------------------------------------------------------------------


def guard_changes(house: House) -> list[tuple[str, Any]]:
    changes = house.plan("--base", "main")["configuration"]["changes"]
    return [(change["path"], change["after"]) for change in changes]


@pytest.fixture
def tightened(grown: House) -> House:
    """Main has tightened a guard and compares what specs may leave to others; the branch lacks that."""
    git(grown.root, "checkout", "-q", "main")
    grown.write("reconcile.yaml", MARKED + "guards: {maxDeletes: 1}\n", stock=False)
    commit(grown, "Cleo")
    git(grown.root, "checkout", "-q", "change")
    return grown


def test_a_guard_that_only_the_base_tightened_is_no_guard_change_of_the_branch(tightened: House) -> None:
    assert guard_changes(tightened) == []
    assert tightened.plan("--base", "main")["configuration"]["base"] == "main"


def test_a_guard_that_the_branch_loosens_is_told_whatever_it_lacks(tightened: House) -> None:
    tightened.write("reconcile.yaml", MARKED + "guards: {maxDeletes: 9}\n", stock=False)
    commit(tightened, "Bob")
    assert guard_changes(tightened) == [("/guards/maxDeletes", 9)]
    tightened.write("one.yaml", spec(timeout=9, extra=LIVE + "allow_replace: true\n"))
    assert ("/allow_replace", True) in guard_changes(tightened)


def test_a_merge_that_takes_a_guard_back_is_a_guard_change(tightened: House) -> None:
    git(tightened.root, "merge", "-q", "-s", "ours", "main", "-m", "main")
    assert guard_changes(tightened) == [("/guards/maxDeletes", None)]


def test_the_base_judges_though_the_branch_lacks_it(tightened: House) -> None:
    for name in ("two", "three"):
        tightened.lambda_.create_function(
            FunctionName=name, Runtime="python3.13", Handler="a.b", Role="arn:aws:iam::123456789012:role/lambda",
            Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"}, Tags={"reconcile:managed-by": "shop"},
        )  # fmt: skip
    result = tightened.run("plan", "--base", "main", "--prune")
    assert (result.exit_code, "guards.maxDeletes is 1" in result.out) == (21, True)
