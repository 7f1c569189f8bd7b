"""`reconcile init`: what it writes works at once, and nothing that is there is touched, followed or run."""

from __future__ import annotations

import contextlib
import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from reconciler.commands import new_files
from reconciler.commands.rehearsal import fill
from reconciler.commands.setup import init
from reconciler.commands.setup.init import name_in
from reconciler.commands.setup.rights import wanted
from reconciler.commands.workspaces import read
from reconciler.core.plans import Plan
from reconciler.core.rights import Right
from reconciler.files import strict_yaml
from tests.commands.watching import watched
from tests.conftest import ACCOUNT, REGION, House, Result, reconcile
from tests.spec.test_hostile_git import git

ROOT = Path(__file__).parents[2]
WRITTEN = {
    "specs/reconcile.yaml", "specs/hello/hello.yaml", "specs/hello/src/app.py", ".github/workflows/reconcile.yml",
    ".github/workflows/rollouts.yml", ".github/CODEOWNERS", ".gitignore", "schemas/config.schema.json", "schemas/function.schema.json",
    "schemas/layer.schema.json", "schemas/defaults.schema.json",
    *(f".github/policies/{name}.json" for name in ("plan", "apply", "rollout", "trust-plan", "trust-apply", "trust-rollout")),
}  # fmt: skip


def begun(folder: Path) -> Result:
    with contextlib.chdir(folder):
        return reconcile("init")


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder but git's, links told by where they lead."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in sorted(folder.rglob("*"))
        if (path.is_file() or path.is_symlink()) and ".git" not in path.relative_to(folder).parts
    }


def cloned(folder: Path, address: str) -> Path:
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", address)
    return folder


# --- what it writes ------------------------------------------------------------------------------------------------


def test_what_it_writes_is_valid_applies_and_leaves_nothing_to_do(house: House) -> None:
    (house.root / "specs" / "reconcile.yaml").unlink()
    result = begun(house.root)
    assert (result.exit_code, result.err) == (0, "")
    with contextlib.chdir(house.root):
        fill(house.sandbox, read([Path("specs")]))
    assert house.run("validate").out == "1 spec valid, 1 target.\n"
    assert house.run("apply", "--yes").exit_code == 0
    assert "No changes." in house.run("plan").out
    answer = house.run("invoke", "shop-hello", "--alias", "live", "--payload", '{"name": "Ada"}')
    assert answer.json()["payload"] == {"greeting": "Hello, Ada!"}


def test_every_file_is_written_and_told(tmp_path: Path) -> None:
    result = begun(tmp_path)
    assert set(contents(tmp_path)) == WRITTEN
    told = {line.removeprefix("wrote  ") for line in result.out.splitlines() if line.startswith("wrote")}
    assert told == WRITTEN


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        result = reconcile("init", "new/house")
    assert set(contents(tmp_path / "new" / "house")) == WRITTEN
    assert "cd new/house\n" in result.out


def test_an_editor_finds_the_schema_that_a_file_names(tmp_path: Path) -> None:
    begun(tmp_path)
    for name in ("specs/reconcile.yaml", "specs/hello/hello.yaml"):
        file = tmp_path / name
        named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", file.read_text().splitlines()[0])
        assert named
        schema = (file.parent / named[1]).resolve()
        assert schema.read_text() == (ROOT / "schemas" / schema.name).read_text()


def test_the_workflow_is_the_one_that_the_manual_shows(tmp_path: Path) -> None:
    begun(tmp_path)
    (shown, *_) = re.findall(r"```yaml\n(.*?)```", (ROOT / "reconciler/manual/github.md").read_text(), re.DOTALL)
    comment, _, text = (tmp_path / ".github/workflows/reconcile.yml").read_text().partition("\n")
    assert text == shown
    assert comment.startswith("# ")
    assert len(text.splitlines()) < 25


def test_a_line_that_is_commented_out_is_valid_as_well(tmp_path: Path) -> None:
    """Whoever takes the # away gets what the comment promises."""
    begun(tmp_path)
    config = tmp_path / "specs" / "reconcile.yaml"
    config.write_text(re.sub(r"^(\s*)# (\w+: )", r"\1\2", config.read_text(), flags=re.MULTILINE))
    spec = tmp_path / "specs" / "hello" / "hello.yaml"
    spec.write_text(re.sub(r"^# (  \w+: |\w+:)", r"\1", spec.read_text(), flags=re.MULTILINE))
    keys = {"aws", "managedBy", "guards", "prune", "freezes", "approval", "lock", "reports"}
    assert set(strict_yaml.parse(config.read_text(), "").value) == keys
    assert {"event_source_mappings", "urls", "tags"} <= set(strict_yaml.parse(spec.read_text(), "").value)
    with contextlib.chdir(tmp_path):
        assert reconcile("validate").err == ""


# --- what it knows of the repository -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/acme/pay.git", "acme/pay"),
        ("https://github.com/acme/pay", "acme/pay"),
        ("https://x-access-token:hunter2@github.com/acme/pay.git", "acme/pay"),
        ("git@github.com:acme/pay.git", "acme/pay"),
        ("ssh://git@ghe.example:2222/acme/pay.js/", "acme/pay.js"),
        ("/srv/git/pay.git", ""),
        ("../pay", ""),
        ("https://github.com/acme", ""),
        ("https://github.com/acme/pay/deep", ""),
        ("https://github.com/acme/pay\nmanagedBy: x", ""),
        ('https://github.com/ac"me/pay', ""),
        ("", ""),
    ],
)
def test_the_address_of_a_remote_names_a_repository_or_none(address: str, name: str) -> None:
    assert name_in(address) == name


def test_the_name_of_the_repository_is_filled_in_and_its_token_is_not_told(tmp_path: Path) -> None:
    result = begun(cloned(tmp_path, "https://x:hunter2@github.com/acme/pay.git"))
    files = contents(tmp_path)
    assert "managedBy: acme/pay\n" in files["specs/reconcile.yaml"]
    assert '"repo:acme/pay:environment:production"' in files[".github/policies/trust-apply.json"]
    assert '"repo:acme@1001/pay@2002:environment:production"' in files[".github/policies/trust-apply.json"]
    assert "hunter2" not in f"{result}{files}"
    assert not any("example/shop" in text for text in files.values())
    assert "example/shop" not in result.out


def test_outside_a_repository_the_example_stays_and_is_told(tmp_path: Path) -> None:
    result = begun(tmp_path)
    assert "managedBy: example/shop\n" in contents(tmp_path)["specs/reconcile.yaml"]
    assert "the repository example/shop" in result.out


def test_the_default_branch_is_the_remotes(tmp_path: Path) -> None:
    cloned(tmp_path, "git@github.com:acme/pay.git")
    git(tmp_path, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    begun(tmp_path)
    assert "push: {branches: [trunk]}" in contents(tmp_path)[".github/workflows/reconcile.yml"]


def test_within_a_repository_it_is_said_where_github_looks(tmp_path: Path) -> None:
    cloned(tmp_path, "git@github.com:acme/pay.git")
    with contextlib.chdir(tmp_path):
        result = reconcile("init", "deep")
    assert f"warning: {tmp_path.resolve()} is the root of this repository" in result.err


def test_what_stands_for_something_to_be_written_is_found_by_the_line_that_is_told(tmp_path: Path) -> None:
    result = begun(tmp_path)
    (pattern,) = re.findall(r"^grep -rnE '(.*)' specs \.github$", result.out, re.MULTILINE)
    found = {
        name
        for name, text in contents(tmp_path).items()
        if name.startswith(("specs/", ".github/")) and re.search(pattern, text)
    }
    assert found == {name for name in WRITTEN if name.startswith(("specs/", ".github/"))} - {
        "specs/hello/src/app.py", ".github/CODEOWNERS",
    }  # fmt: skip


def test_the_policies_allow_all_that_the_first_spec_needs(house: House) -> None:
    (house.root / "specs" / "reconcile.yaml").unlink()
    begun(house.root)
    with contextlib.chdir(house.root):
        workspace = read([Path("specs")])
        fill(house.sandbox, workspace)
        plan = planned(house)
    numbers = {"main": ACCOUNT}
    (planning,) = wanted(workspace.config, workspace.specs.specs, plan, numbers, is_applying=False).values()
    (applying,) = wanted(workspace.config, workspace.specs.specs, plan, numbers, is_applying=True).values()
    plan_role = statements(house.root, "plan")
    assert len(planning) > 4
    assert [right for right in sorted(planning) if not is_allowed(right, plan_role)] == []
    assert [
        right for right in sorted(applying) if not is_allowed(right, plan_role + statements(house.root, "apply"))
    ] == []
    assert [right.action for right in sorted(applying) if not is_allowed(right, plan_role)] == [
        "iam:PassRole", "lambda:CreateAlias", "lambda:CreateFunction", "lambda:TagResource",
    ]  # fmt: skip


def planned(house: House) -> Plan:
    from reconciler.commands import wiring
    from reconciler.commands.workspaces import Choices

    workspace = read([Path("specs")])
    aws = wiring.connect(workspace.config, workspace.accounts)
    return wiring.planned(workspace, wiring.live_snapshot(workspace, aws), Choices(), aws)


def statements(root: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((root / ".github" / "policies" / f"{name}.json").read_text())["Statement"]
    return found


def is_allowed(right: Right, policy: list[dict[str, Any]]) -> bool:
    return any(
        right.action in statement["Action"]
        and any(fnmatchcase(right.resource, pattern) for pattern in names(statement["Resource"]))
        and all(
            dict(right.context).get(key) == value
            for key, value in statement.get("Condition", {}).get("StringEquals", {}).items()
        )
        for statement in policy
    )


def names(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


# --- what is there stays -------------------------------------------------------------------------------------------


def test_a_second_time_nothing_is_written(tmp_path: Path) -> None:
    begun(tmp_path)
    before = contents(tmp_path)
    result = begun(tmp_path)
    assert contents(tmp_path) == before
    assert "wrote" not in result.out
    assert {line.split()[1].rstrip(":") for line in result.out.splitlines() if line.startswith("left")} == WRITTEN


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_file_that_is_there_is_left_and_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("mine\n")
    result = begun(tmp_path)
    assert (tmp_path / name).read_text() == "mine\n"
    assert f"left   {name}: it is there" in result.out


@pytest.mark.parametrize(
    ("there", "left"),
    [
        ("reconcile.yaml", "specs/reconcile.yaml"),
        ("CODEOWNERS", ".github/CODEOWNERS"),
        ("docs/CODEOWNERS", ".github/CODEOWNERS"),
    ],
)
def test_what_stands_elsewhere_is_not_written_a_second_time(tmp_path: Path, there: str, left: str) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine\n")
    assert f"left   {left}: {there} is there" in begun(tmp_path).out
    assert not (tmp_path / left).exists()


def test_a_house_that_has_specs_gets_no_function_more(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "checkout.yaml").write_text("function: checkout\n")
    assert "left   specs/hello/hello.yaml: specs is not empty" in begun(tmp_path).out
    assert set(contents(tmp_path)) == {*WRITTEN, "specs/checkout.yaml"} - {
        "specs/hello/hello.yaml",
        "specs/hello/src/app.py",
    }


def test_lines_that_a_gitignore_lacks_are_told(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("/reports/\nnode_modules\n")
    assert "left   .gitignore: it is there; it lacks /plan.json /snapshot.json\n" in begun(tmp_path).out


# --- hostile trees -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [".github", ".github/workflows", "specs", "specs/hello", "schemas"])
def test_nothing_is_written_through_a_link(tmp_path: Path, name: str) -> None:
    house, outside = tmp_path / "house", tmp_path / "outside"
    outside.mkdir()
    (house / name).parent.mkdir(parents=True)
    (house / name).symlink_to(outside, target_is_directory=True)
    before = contents(tmp_path)
    result = begun(house)
    assert result.exit_code == 2
    assert result.err == f"error: {name} is a link, and nothing is written through links; put a folder there\n"
    assert contents(tmp_path) == before


@pytest.mark.parametrize("leads", ["../outside.txt", "/dev/full", "reconcile.yaml"])
def test_a_file_that_is_a_link_is_left(tmp_path: Path, leads: str) -> None:
    (tmp_path / "house" / "specs").mkdir(parents=True)
    (tmp_path / "house" / "specs" / "reconcile.yaml").symlink_to(leads)
    assert "left   specs/reconcile.yaml: it is there" in begun(tmp_path / "house").out
    assert not (tmp_path / "outside.txt").exists()


def test_a_file_where_a_folder_must_be_is_told_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("")
    result = begun(tmp_path)
    assert result.exit_code == 2
    assert (
        "error: schemas is no folder; move it, for schemas/config.schema.json is to be written below it" in result.err
    )
    assert set(contents(tmp_path)) == {"schemas"}


def test_a_file_that_came_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = new_files.write

    def late(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("theirs\n")
        written(path, text)

    monkeypatch.setattr(init, "write", late)
    result = begun(tmp_path)
    assert result.exit_code == 2
    assert result.err == "error: specs/reconcile.yaml: cannot be written: File exists\n"
    assert (tmp_path / "specs" / "reconcile.yaml").read_text() == "theirs\n"


def test_no_program_but_git_is_started_and_no_hook_runs(tmp_path: Path) -> None:
    cloned(tmp_path, "git@github.com:acme/pay.git")
    marker = tmp_path / "ran"
    for hook in ("post-checkout", "pre-commit", "fsmonitor"):
        (tmp_path / ".git" / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (tmp_path / ".git" / "hooks" / hook).chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(tmp_path / ".git" / "hooks" / "fsmonitor"))
    with watched() as seen:
        assert begun(tmp_path).exit_code == 0
    assert {Path(words[0]).name for words in seen.programs} == {"git"}
    assert not marker.exists()


def test_foreign_text_of_the_tree_is_inert(tmp_path: Path) -> None:
    house = tmp_path / "a\n::error::b\x1b[2J"
    house.mkdir()
    with contextlib.chdir(tmp_path):
        result = reconcile("init", house.name)
    assert result.exit_code == 0
    assert not re.search(r"^::error|\x1b", result.out, re.MULTILINE)
    assert REGION in (house / "specs" / "reconcile.yaml").read_text()
