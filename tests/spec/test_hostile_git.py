"""Nothing that a pull request can put into the tree rules git: no configuration, hook, filter, attribute or variable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from reconciler.files.repository import repository
from reconciler.spec.history import provenance
from tests.commands.watching import watched
from tests.conftest import House, function_spec

GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]


def git(folder: Path, *words: str) -> str:
    return subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def committed(house: House) -> House:
    """One function, applied and committed."""
    house.write("one.yaml", function_spec("one"))
    house.apply()
    git(house.root, "init", "-q", "-b", "main")
    (house.root / ".gitignore").write_text("reports\n")
    git(house.root, "add", "-A")
    git(house.root, "commit", "-qm", "one")
    return house


def canary(house: House) -> tuple[str, Path]:
    """A command that leaves a file, and the file."""
    left, script = house.root / "reports" / "ran", house.root / "specs" / "evil.sh"
    script.write_text(f"#!/bin/sh\necho ran >> {left}\ncat\n")
    script.chmod(0o755)
    return str(script), left


def bare(folder: Path, command: str) -> None:
    """Plain files that make a folder look like a git directory which wants this command."""
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    for name in ("hooks", "info", "branches", "description"):
        place = folder / name
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    (folder / "refs" / "keep").write_text("")
    (folder / "objects" / "keep").write_text("")
    (folder / "config").write_text(f'[core]\n\tbare = false\n\tworktree = "."\n{settings(command)}')


def settings(command: str) -> str:
    return (
        f"[core]\n\tfsmonitor = {command}\n\thooksPath = {Path(command).parent}\n\tpager = {command}\n\tsshCommand = {command}\n"
        f'[diff]\n\texternal = {command}\n[diff "x"]\n\ttextconv = {command}\n\tcommand = {command}\n'
        f'[filter "x"]\n\tclean = {command}\n\tsmudge = {command}\n\tprocess = {command}\n\trequired = true\n'
        f"[alias]\n\tstatus = !{command}\n[blame]\n\tignoreRevsFile = /dev/zero\n"
    )


COMMANDS = (
    ["plan"],
    ["plan", "--base", "HEAD"],
    ["plan", "--drift"],
    ["plan", "--snapshot", "held.json"],
    ["apply", "--yes"],
    ["invoke", "one"],
)


def no_command_runs(house: House, left: Path, commands: Sequence[Sequence[str]] = COMMANDS) -> None:
    """Every command that asks git ends well and starts nothing else."""
    house.run("snapshot", "-o", "held.json")
    for arguments in commands:
        with watched() as seen:
            result = house.run(*arguments)
        assert result.exit_code == 0, (arguments, result.err)
        assert {words[1] for words in seen.programs} <= {"git", sys.executable}, arguments
        assert not left.exists(), (arguments, left.read_text())


def test_files_that_look_like_a_git_directory_are_specs_folders_like_any_other(house: House) -> None:
    house = committed(house)
    command, left = canary(house)
    head = git(house.root, "rev-parse", "HEAD")
    for folder in (house.root / "specs", house.root):
        bare(folder, command)
    git(house.root, "reset", "-q")
    no_command_runs(house, left)
    assert house.newest_report()["provenance"]["commit"] == head
    shutil.rmtree(house.root / ".git")
    assert house.run("plan").exit_code == 0
    assert house.run("plan", "--base", "HEAD").exit_code == 2
    assert not left.exists()


def test_neither_attributes_nor_an_included_file_of_the_tree_start_anything(house: House) -> None:
    house = committed(house)
    command, left = canary(house)
    (house.root / "specs" / "gitconfig").write_text(settings(command))
    git(house.root, "config", "include.path", "../specs/gitconfig")
    (house.root / ".gitattributes").write_text("* filter=x diff=x\n")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 4"))
    no_command_runs(house, left)
    plan = house.plan("--base", "HEAD")
    assert plan["provenance"]["dirty"] is True


@pytest.mark.parametrize("form", ["a directory", "a file", "a link", "a pipe", "nonsense"])
def test_a_git_entry_in_the_folder_of_specs_of_another_repository_does_not_rule(house: House, form: str) -> None:
    house = committed(house)
    command, left = canary(house)
    evil, entry = house.root / "evil", house.root / "specs" / ".git"
    bare(entry if form == "a directory" else evil, command)
    make: dict[str, Callable[[], object]] = {
        "a directory": lambda: None,
        "a file": lambda: entry.write_text("gitdir: ../evil\n"),
        "a link": lambda: entry.symlink_to(evil),
        "a pipe": lambda: os.mkfifo(entry),
        "nonsense": lambda: entry.write_bytes(b"gitdir: \0\xff"),
    }
    make[form]()
    assert repository(house.root / "specs").root == house.root.resolve()
    no_command_runs(house, left, [["plan", "--base", "HEAD"]])


def test_a_commit_cannot_hold_a_git_entry_at_all(tmp_path: Path) -> None:
    """Why a `.git` in the tree of a pull request comes from elsewhere than from git."""
    git(tmp_path, "init", "-q")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / ".git").write_text("gitdir: ../evil")
    blob = git(tmp_path, "hash-object", "-w", "specs/.git")
    with pytest.raises(subprocess.CalledProcessError):
        git(tmp_path, "update-index", "--add", "--cacheinfo", f"100644,{blob},specs/.git")


def test_a_linked_work_tree_and_a_submodule_are_repositories(house: House, tmp_path: Path) -> None:
    house = committed(house)
    head = git(house.root, "rev-parse", "HEAD")
    git(house.root, "worktree", "add", "-q", "inside", "-b", "other")
    assert repository(house.root / "inside" / "specs").root == (house.root / "inside").resolve()
    assert provenance(house.root / "inside" / "specs")["branch"] == "other"
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(house.root), "sub")
    assert provenance(outer / "sub" / "specs")["commit"] == head
    assert repository(outer / "sub" / "specs").root == (outer / "sub").resolve()
    assert provenance(outer)["commit"] is None


def test_a_link_in_the_tree_does_not_lead_to_another_repository(house: House, tmp_path: Path) -> None:
    house = committed(house)
    other = tmp_path / "other"
    other.mkdir()
    shutil.copytree(house.root / "specs", other / "specs")
    git(other, "init", "-q")
    git(other, "add", "-A")
    git(other, "commit", "-qm", "theirs")
    git(house.root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "evil")
    shutil.rmtree(house.root / "specs")
    (house.root / "specs").symlink_to("evil/specs")
    assert repository(house.root / "specs").root == house.root.resolve()
    (tmp_path / "from-elsewhere").mkdir()
    (tmp_path / "from-elsewhere" / "link").symlink_to(other / "specs")
    (house.root / ".git").rename(house.root / "git")
    assert repository(tmp_path / "from-elsewhere" / "link").root == other.resolve()


def test_the_bare_repository_with_work_trees_beside_it_is_one(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", ".bare")
    (tmp_path / ".git").write_text("gitdir: ./.bare\n")
    tree = git(tmp_path, "hash-object", "-t", "tree", "-w", "/dev/null")
    commit = git(tmp_path, "commit-tree", "-m", "one", tree)
    git(tmp_path, "worktree", "add", "-q", "main", commit)
    assert provenance(tmp_path / "main")["commit"] == commit


def test_variables_for_git_do_not_move_the_repository(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = committed(house)
    command, left = canary(house)
    head = git(house.root, "rev-parse", "HEAD")
    bare(house.root / "evil", command)
    for name in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(house.root / "evil"))
    monkeypatch.setenv("GIT_WORK_TREE", "/")
    monkeypatch.setenv("GIT_INDEX_FILE", str(house.root / "evil" / "index"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", command)
    monkeypatch.setenv("GIT_TRACE", str(left))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", command)
    monkeypatch.setenv("PATH", f"specs:.:{os.environ['PATH']}")
    shutil.copy(command, house.root / "specs" / "git")
    for module in [name for name in sys.modules if name.partition(".")[0] == "git"]:
        monkeypatch.delitem(sys.modules, module)  # GitPython starts git when it is imported
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    no_command_runs(house, left)
    assert house.newest_report()["provenance"]["commit"] == head
