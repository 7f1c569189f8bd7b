"""What guards the house: README and manual speak of every verb and flag, their examples are valid, every error is raised."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

import reconciler
from reconciler.cli import cli
from reconciler.core import errors
from reconciler.spec.config import load_config
from reconciler.spec.load import load

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MANUAL = {page.stem: page.read_text() for page in sorted((ROOT / "reconciler" / "manual").glob("*.md"))}


def commands() -> dict[str, click.Command]:
    assert isinstance(cli, click.Group)
    return dict(cli.commands)


@pytest.mark.parametrize("name", commands())
def test_readme_speaks_of_every_command(name: str) -> None:
    assert f"`reconcile {name}" in README


@pytest.mark.parametrize(
    "flag",
    sorted(
        {
            flag
            for command in commands().values()
            for option in command.params
            for flag in option.opts
            if flag.startswith("--") and not getattr(option, "hidden", False)
        }
    ),
)
def test_readme_or_the_manual_speaks_of_every_flag(flag: str) -> None:
    assert (
        flag in README or any(flag in text for text in MANUAL.values()) or flag in ("--specs", "--output")
    )  # the table shows -o


@pytest.mark.parametrize("name", commands())
def test_every_command_and_flag_has_help(name: str) -> None:
    command = commands()[name]
    assert command.help


def test_readme_is_short_and_leads_to_every_page_of_the_manual() -> None:
    assert len(README.splitlines()) <= 180
    assert [page for page in MANUAL if f"(reconciler/manual/{page}.md)" not in README] == []
    assert [page for page in MANUAL if f"`{page}`" not in README] == []


def yaml_blocks(text: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("text", [README, MANUAL["specs"]], ids=["README", "specs"])
def test_the_spec_and_config_that_are_shown_are_valid(tmp_path: Path, text: str) -> None:
    (spec, *_), (layer, config, other) = yaml_blocks(text), yaml_blocks(MANUAL["specs"])[1:]
    (tmp_path / "reconcile.yaml").write_text(config)
    (tmp_path / "checkout.yaml").write_text(spec)
    (tmp_path / "shared.yaml").write_text(layer.replace("path: ../src/shared", "path: ."))
    (tmp_path / "mailer.yaml").write_text(other)
    found = load([tmp_path], load_config(tmp_path / "reconcile.yaml"))
    assert [str(one.target).removeprefix("test/") for one in found.specs] == [
        "eu-west-1/mailer", "us-west-2/checkout", "us-west-2/mailer", "us-west-2/layer/shared", "us-west-2/layer_version/shared"
    ]  # fmt: skip


def test_the_fault_script_that_is_shown_is_valid(tmp_path: Path) -> None:
    from reconciler.sandbox import read_faults

    (script,) = re.findall(r"```json\n(.*?)```", MANUAL["sandbox"], re.DOTALL)
    (tmp_path / "faults.json").write_text(script)
    assert len(read_faults(tmp_path / "faults.json")) == 4


def test_the_traffic_that_is_shown_is_valid(tmp_path: Path) -> None:
    from reconciler.sandbox import read_traffic

    (shown,) = re.findall(r"```yaml traffic.yaml\n(.*?)```", MANUAL["sandbox"], re.DOTALL)
    (tmp_path / "traffic.yaml").write_text(shown)
    assert [*read_traffic(tmp_path / "traffic.yaml").calls] == [("checkout", "live")]


def test_every_error_is_raised_or_named_somewhere() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "reconciler").rglob("*.py") if path.name != "errors.py")
    classes = [name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)]
    assert [name for name in classes if not re.search(rf"\b{name}\b", sources)] == []


def test_the_error_tree_in_the_docstring_is_the_tree() -> None:
    drawn = dict(re.findall(r"([A-Z]\w+)(?: \((\d+)\))?", errors.__doc__ or "")) if errors.__doc__ else {}
    for name, value in vars(errors).items():
        if inspect.isclass(value) and issubclass(value, errors.ReconcileError):
            assert name in drawn
            if drawn[name]:
                assert int(drawn[name]) == value.exit_code


@pytest.mark.parametrize("text", [reconciler.__doc__, README.split("## The house")[1]], ids=["docstring", "README"])
def test_where_the_house_is_described_every_floor_is_named(text: str) -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    packages = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    assert [name for name in sorted(packages) if not re.search(rf"\b{name}\b", text)] == []


def test_the_docstring_says_of_every_folder_what_belongs_there() -> None:
    said = dict(re.findall(r"^(\w+)  +(.*(?:\n {10}.*)*)", reconciler.__doc__ or "", re.MULTILINE))
    folders = {
        entry.name for entry in (ROOT / "reconciler").iterdir() if entry.is_dir() and entry.name != "__pycache__"
    }
    assert set(said) == {*folders, "cli"}
    assert [name for name, text in said.items() if not re.search(r"belongs\s+here", text)] == []


def test_what_contributing_names_is_there() -> None:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:reconciler|tests|schemas|specs|\.ci)/[\w./]*)`", text)
    assert len(named) > 8
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_schema_does_not_depend_on_the_machine(tmp_path: Path) -> None:
    """A model in ~/.aws/models is for boto3's clients; what we derive comes with botocore."""
    theirs = tmp_path / ".aws" / "models" / "lambda" / "2099-01-01"
    theirs.mkdir(parents=True)
    (theirs / "service-2.json").write_text('{"metadata": {}, "operations": {}, "shapes": {}}')
    (tmp_path / "own").mkdir()
    command = [sys.executable, "-m", "reconciler", "schema"]
    shown = subprocess.run(
        command, env=os.environ | {"HOME": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert shown.stdout == (ROOT / "schemas" / "function.schema.json").read_text()
