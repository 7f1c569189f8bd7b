"""What a job of GitHub Actions installs is this very commit, and nothing that is not known by its hash."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.github.workflows import ROOT, SETUP

LOCK = SETUP.with_name("requirements.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
INSTALLING = yaml.safe_load(SETUP.read_text(encoding="utf-8"))["runs"]["steps"][-1]


def locked() -> Mapping[str, str]:
    """Each package with its version."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE))


def test_everything_that_a_job_needs_is_locked_as_pyproject_asks_for_it() -> None:
    """`.ci/lock` writes it anew."""
    project = PROJECT["project"]
    asked = [
        *project["dependencies"],
        *project["optional-dependencies"]["github"],
        *PROJECT["build-system"]["requires"],
    ]
    for requirement in map(Requirement, asked):
        version = locked().get(canonicalize_name(requirement.name))
        assert version, requirement
        assert version in requirement.specifier, requirement


def test_everything_that_is_locked_is_known_by_its_hash() -> None:
    entries = re.split(r"^(?=[a-z])", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked())
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_no_entry_names_a_place() -> None:
    assert not re.search(r"https?://|file:|--(extra-)?index|--find-links", LOCK)


def test_nothing_is_installed_out_of_the_workspace() -> None:
    """The folder is the action's, three below the root of its commit; Python and pip look at nothing around them."""
    commands = [line for line in INSTALLING["run"].splitlines() if '"${install[@]}"' in line]
    assert "install=(python -I -m pip --isolated " in INSTALLING["run"]
    assert INSTALLING["working-directory"] == "${{ github.action_path }}"
    assert (SETUP.parent / "../../..").resolve() == ROOT
    assert [re.findall(r"(?<= )(?:--require-hashes|--no-index|-r \S+|\.\./\S+)", command) for command in commands] == [
        ["--require-hashes", "-r requirements.txt"],
        ["--no-index", "../../.."],
    ]
    assert "GITHUB_WORKSPACE" not in str(INSTALLING)
