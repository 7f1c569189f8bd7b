"""`drift accept --branch`: what is taken over is one commit on a branch of its own, and nothing else of the repository moves."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.report.answers import ACCEPTANCE
from reconciler.report.journal import has_form
from tests.commands.test_drift_accept import SPEC, committed, memory
from tests.commands.test_drift_accept import text as in_folder
from tests.conftest import House, Result
from tests.hands import by_hand
from tests.spec.test_hostile_git import canary, git, settings


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")


def branch(house: House, *words: str, code: int = 0, name: str = "drift/memory") -> Result:
    result = house.run("drift", "accept", "--branch", name, *words)
    assert result.exit_code == code, result.out + result.err
    return result


def moved(house: House) -> House:
    memory(committed(house))
    return house


def state(house: House) -> dict[str, bytes | str]:
    """All that may not move: files, index, HEAD and what git says of them."""
    files = {str(path): path.read_bytes() for path in sorted((house.root / "specs").iterdir())}
    return {
        **files, "index": (house.root / ".git/index").read_bytes(), "head": (house.root / ".git/HEAD").read_text(),
        "main": git(house.root, "rev-parse", "main"), "status": git(house.root, "status", "--porcelain"),
    }  # fmt: skip


def test_what_is_taken_over_is_one_commit_and_nothing_else_moves(house: House) -> None:
    before = state(moved(house))
    result = branch(house)
    assert state(house) == before
    assert "-  MemorySize: 512   # MB\n+  MemorySize: 1024   # MB\n" in result.out
    assert "To propose it to main: git push -u origin drift/memory\n" in result.err
    assert git(house.root, "rev-list", "main..drift/memory").count("\n") == 0
    assert git(house.root, "diff", "--numstat", "main", "drift/memory") == "1\t1\tspecs/checkout.yaml"
    told = git(house.root, "log", "-1", "--format=%an <%ae>%n%B", "drift/memory")
    assert told == (
        "Ada <ada@example.com>\nTaken over from AWS: 1 difference in 1 file\n\n"
        "test/us-west-2/checkout\n- /configuration/MemorySize: 512 -> 1024"
    )
    git(house.root, "checkout", "-q", "drift/memory")
    assert in_folder(house) == SPEC.replace("MemorySize: 512 ", "MemorySize: 1024 ")
    assert house.verbs() == {}


def test_the_commit_and_the_pull_request_say_who_did_it(house: House) -> None:
    committed(house)
    by_hand(house.sandbox, role="admin").update_function_configuration(FunctionName="checkout", MemorySize=1024)
    result = branch(house, "--who", "--format", "markdown")
    told = git(house.root, "log", "-1", "--format=%b", "drift/memory")
    assert "\n  changed by admin/ada@example.com via console at 20" in told
    assert "| who |" in result.out
    assert "changed by admin/ada" in result.out


def test_a_document_says_what_was_committed_and_a_saved_snapshot_is_enough(house: House) -> None:
    moved(house)
    assert house.run("snapshot", "-o", "reports/live.json").exit_code == 0
    house.sandbox.stop()
    document = branch(house, "--snapshot", "reports/live.json", "--format", "json").json()
    assert has_form(document, ACCEPTANCE)
    commit = git(house.root, "rev-parse", "drift/memory")
    assert document["branch"] == {"name": "drift/memory", "commit": commit, "from": "main"}


def test_without_drift_there_is_no_branch(house: House) -> None:
    committed(house)
    assert branch(house).out == "Nothing has drifted.\n"
    assert git(house.root, "branch", "--list", "drift/*") == ""


def test_a_name_that_is_none_is_refused_before_anybody_is_asked(house: House) -> None:
    moved(house)
    house.sandbox.requests.clear()
    for name in ("", "-f", "HEAD", "a..b", "a b", "a\nb", "@{-1}", "a~1", "a.lock", "\x1b[31m", "/a", "*"):
        result = branch(house, name=name, code=21)
        assert result.err.endswith(" is no name of a branch (R256)\n"), name
        assert "\x1b" not in result.err
    assert house.sandbox.requests == []


@pytest.mark.parametrize("there", ["drift/memory", "drift/memory/more"])
def test_a_branch_that_is_there_stays_as_it_is(house: House, there: str) -> None:
    git(moved(house).root, "branch", there)
    assert "there is a branch drift/memory already" in branch(house, code=21).err
    assert git(house.root, "rev-parse", there) == git(house.root, "rev-parse", "main")


def test_on_no_branch_nobody_can_tell_what_it_is_for(house: House) -> None:
    git(moved(house).root, "checkout", "-q", "--detach")
    result = branch(house, code=21)
    assert "HEAD is on no branch" in result.err
    assert result.err.endswith(" (R257)\n")


def test_what_is_not_committed_yet_is_not_committed_for_somebody(house: House) -> None:
    moved(house)
    house.write("checkout.yaml", SPEC + "# mine\n")
    before = state(house)
    result = branch(house, code=21)
    assert "specs/checkout.yaml is not in HEAD as it is here; commit it first" in result.err
    assert result.err.endswith(" (R258)\n")
    assert state(house) == before
    assert git(house.root, "branch", "--list", "drift/*") == ""


def test_what_is_staged_beside_it_is_not_in_the_commit(house: House) -> None:
    moved(house)
    (house.root / "specs/beside.txt").write_text("mine")
    git(house.root, "add", "specs/beside.txt")
    before = state(house)
    branch(house)
    assert state(house) == before
    assert git(house.root, "diff", "--name-only", "main", "drift/memory") == "specs/checkout.yaml"


def test_outside_git_there_is_no_branch(house: House) -> None:
    house.write("checkout.yaml", SPEC.replace('"1"', "$LATEST"))
    house.apply()
    assert "is in no git work tree" in branch(house, code=2).err


def test_who_commits_must_be_known(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    moved(house)
    for name in list(os.environ):
        if name.startswith(("GIT_AUTHOR_", "GIT_COMMITTER_", "EMAIL")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(house.root / "reports"))
    git(house.root, "config", "user.useConfigOnly", "true")
    assert "git knows no name for who commits; git config --global user.name NAME" in branch(house, code=2).err
    git(house.root, "config", "user.name", "Grace")
    git(house.root, "config", "user.email", "grace@example.com")
    branch(house)
    assert git(house.root, "log", "-1", "--format=%cn", "drift/memory") == "Grace"


def test_no_hook_and_no_filter_of_the_repository_runs(house: House) -> None:
    moved(house)
    command, left = canary(house)
    hooks = Path(command).parent
    for name in (
        "pre-commit",
        "commit-msg",
        "post-commit",
        "reference-transaction",
        "prepare-commit-msg",
        "post-index-change",
    ):
        (hooks / name).write_bytes(Path(command).read_bytes())
        (hooks / name).chmod(0o755)
        (house.root / ".git/hooks").mkdir(exist_ok=True)
        (house.root / ".git/hooks" / name).write_bytes(Path(command).read_bytes())
        (house.root / ".git/hooks" / name).chmod(0o755)
    with (house.root / ".git/config").open("a") as config:
        config.write(settings(command) + "[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = " + command + "\n")
    (house.root / ".git/info").mkdir(exist_ok=True)
    (house.root / ".git/info/attributes").write_text("* filter=x diff=x\n")
    branch(house)
    assert not left.exists()
    assert subprocess.run(
        ["git", "cat-file", "-p", "drift/memory:specs/checkout.yaml"], cwd=house.root, capture_output=True, check=True
    ).stdout.decode() == SPEC.replace("MemorySize: 512 ", "MemorySize: 1024 ")  # fmt: skip


def test_what_a_forge_could_obey_is_in_no_message(house: House) -> None:
    committed(house)
    hostile = "[skip ci] @ada fixes #12\n\nCo-authored-by: Eve <eve@example.com>"
    by_hand(house.sandbox, "***NO_CI***").update_function_configuration(FunctionName="checkout", Description=hostile)
    branch(house, "--who")
    told = git(house.root, "log", "-1", "--format=%B", "drift/memory")
    assert "- /configuration/Description: … -> …\n  changed by sandbox via … at 20" in told
    for word in ("skip ci", "NO_CI", "@ada", "#12", "Co-authored-by"):
        assert word not in told


def test_a_file_of_a_hostile_name_is_committed_as_it_is_called(house: House) -> None:
    moved(house)
    odd = "$(touch gone) --force [x]*.yaml"
    git(house.root, "mv", "specs/checkout.yaml", f"specs/{odd}")
    git(house.root, "commit", "-qm", "renamed")
    branch(house)
    assert git(house.root, "diff", "--name-only", "main", "drift/memory") == f"specs/{odd}"
    assert not (house.root / "gone").exists()


def test_a_check_makes_no_branch(house: House) -> None:
    result = branch(moved(house), "--check", code=2)
    assert "--check writes nothing, and so makes no branch" in result.err


def test_only_what_is_asked_for_is_committed_and_what_is_left_is_told(house: House) -> None:
    committed(house)
    house.lambda_.update_function_configuration(
        FunctionName="checkout",
        MemorySize=1024,
        Timeout=31,
        Environment={"Variables": {"TOKEN": "correct-horse-other"}},
    )
    result = branch(house, "--only", "/configuration/MemorySize", "--only", "/configuration/Environment", code=25)
    assert "left: test/us-west-2/checkout /configuration/Environment/Variables/TOKEN: it is sensitive" in result.out
    shown = git(house.root, "show", "drift/memory")
    assert "+  MemorySize: 1024" in shown
    assert "Timeout: 31" not in shown
    assert "correct-horse-other" not in shown + result.out + result.err
