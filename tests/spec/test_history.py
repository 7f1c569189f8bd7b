"""What git is asked, and what is said when it cannot tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.model import Origin
from reconciler.spec.history import History
from tests.conftest import House, function_spec
from tests.spec.test_hostile_git import committed, git


def causes(house: House, *flags: str) -> dict[str, Any]:
    return {
        field["path"]: field["cause"]
        for target in house.plan(*flags)["targets"]
        for action in target["actions"]
        for field in action["fields"]
    }


# --- what git said --------------------------------------------------------------------------------------------------


def refused(house: House) -> str:
    result = house.run("plan", "--drift")
    assert result.exit_code == 2
    assert "fetch the base branch" not in result.err
    return result.err


def test_a_work_tree_of_another_owner_is_told_with_the_mend(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(house)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("HOME", str(house.root / "home"))
    told = refused(house)
    assert f"git says: detected dubious ownership in repository at '{house.root}'" in told
    assert f"git config --global --add safe.directory {house.root}" in told
    (house.root / "home").mkdir()
    (house.root / "home" / ".gitconfig").write_text(f"[safe]\n\tdirectory = {house.root}\n")
    assert house.run("plan", "--drift").exit_code == 0


def test_a_repository_without_a_commit_is_told_as_one(house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    house.apply()
    git(house.root, "init", "-q")
    assert "has no commit yet" in refused(house)


def test_no_repository_is_told_as_none(house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    house.apply()
    assert "specs is in no git work tree" in refused(house)


def test_a_damaged_repository_is_told_by_git_s_words(house: House) -> None:
    committed(house)
    (house.root / ".git" / "config").write_text("[core\n")
    assert "git says: bad config line 1" in refused(house)


@pytest.mark.parametrize("revision", ["nowhere", "-h", "--exec=x", "HEAD:specs/one.yaml", "HEAD~7", "a b", "x\ny"])
def test_a_revision_that_is_none_is_told(house: House, revision: str) -> None:
    committed(house)
    result = house.run("plan", f"--base={revision}")
    assert result.exit_code == 2
    assert "revision" in result.err


def test_a_repository_of_sha256_is_read_and_names_no_commit(house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    house.apply()
    git(house.root, "init", "-q", "--object-format=sha256")
    git(house.root, "add", "specs")
    git(house.root, "commit", "-qm", "one")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 4"))
    plan = house.plan("--base", "HEAD")
    assert any("sha256" in note["message"] for note in plan["diagnostics"])
    assert causes(house, "--base", "HEAD") == {"/configuration/Timeout": "edit"}


def test_a_clone_that_left_objects_out_is_told_and_fetches_nothing(house: House, tmp_path: Path) -> None:
    committed(house)
    house.write("one.yaml", function_spec("one", configuration="Timeout: 4"))
    git(house.root, "commit", "-qam", "two")
    git(house.root, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(house.root, "clone", "-q", "--no-local", "--filter=blob:none", f"file://{house.root}", str(clone))
    result = House(clone, house.sandbox).run("plan", "--base", "HEAD~1")
    assert result.exit_code == 2
    assert "fetch all" in result.err
    assert "no --filter" in result.err
    assert House(clone, house.sandbox).run("plan", "--base", "HEAD").exit_code == 0


# --- specs at the base are found by target --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "move",
    [
        ("specs/one.yaml", "specs/renamed.yaml"),
        ("specs/one.yaml", "specs/deep/er/one.yaml"),
        ("specs", "deploy"),
    ],
    ids=lambda move: "-to-".join(move),
)
def test_what_drifted_is_drift_after_the_file_was_moved(house: House, move: tuple[str, str]) -> None:
    committed(house)
    (house.root / move[1]).parent.mkdir(parents=True, exist_ok=True)
    git(house.root, "mv", *move)
    house.lambda_.update_function_configuration(FunctionName="one", MemorySize=300)
    folder = "deploy" if move[1] == "deploy" else "specs"
    assert causes(house, "--base", "HEAD", folder) == {"/configuration/MemorySize": "drift"}
    assert causes(house, "--drift", folder) == {"/configuration/MemorySize": "drift"}


def test_a_file_that_names_another_function_now_does_not_hide_where_the_old_one_went(house: House) -> None:
    committed(house)
    git(house.root, "mv", "specs/one.yaml", "specs/two.yaml")
    house.write("one.yaml", function_spec("other"))
    house.lambda_.update_function_configuration(FunctionName="one", MemorySize=300)
    assert causes(house, "--base", "HEAD")["/configuration/MemorySize"] == "drift"


def test_hostile_specs_of_the_base_stop_nothing(house: House) -> None:
    committed(house)
    text = function_spec("one")
    for name, content in {
        "bomb.yaml": "a: &a [x, x]\nb: &b [*a, *a]\nfunction: one\nc: [*b, *b, *c]\n",
        "tag.yaml": "!!python/object/apply:os.system ['touch ran']\nfunction: one\n",
        "large.yaml": "function: one\n" + "#" * 5_000_000,
        "binary.yaml": "function: one\n\0\x01",
        "twice.yaml": text,
    }.items():
        (house.root / "specs" / name).write_text(content)
    (house.root / "specs" / "loop.yaml").symlink_to("loop.yaml")
    (house.root / "specs" / "out.yaml").symlink_to("/dev/zero")
    git(house.root, "add", "-A")
    git(house.root, "commit", "-qm", "hostile")
    for path in (house.root / "specs").iterdir():
        if path.name not in ("reconcile.yaml", "one.yaml"):
            path.unlink()
    git(house.root, "mv", "specs/one.yaml", "specs/now.yaml")
    house.lambda_.update_function_configuration(FunctionName="one", MemorySize=300)
    assert causes(house, "--base", "HEAD") == {"/configuration/MemorySize": "drift"}


def test_a_line_is_of_who_wrote_it_since_and_an_older_one_is_nobodys(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    git(tmp_path, "init", "-q", "-b", "main")
    file.write_text("a\nb\nc\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    file.write_text("a\nB\nc\n")
    git(tmp_path, "-c", "user.name=Bob", "commit", "-qam", "second")
    file.write_text("a\nB\nC\n")
    bob = f"{git(tmp_path, 'rev-parse', 'HEAD')[:10]} Bob"
    history = History(tmp_path)
    lines = [
        [history.author(revision, Origin(str(file), line)) for line in (1, 2, 3)] for revision in ("HEAD~1", "HEAD")
    ]
    assert lines == [["", bob, "not committed"], ["", "", "not committed"]]
