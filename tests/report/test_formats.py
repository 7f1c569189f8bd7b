"""An output format is one file: it is a word after --format by being there."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli import cli
from reconciler.report import formats
from reconciler.report.formats import View
from tests.conftest import House, function_spec
from tests.report.test_hostile_text import field, plan, target

FOLDER = Path(formats.__file__).parent


def test_every_file_of_the_folder_is_a_format_but_what_they_share() -> None:
    assert set(formats.NAMES) == {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "shown"}
    commands = cli.commands
    for name in ("validate", "plan", "apply", "functions", "invoke"):
        (option,) = (option for option in commands[name].params if option.name == "form")
        wanted = formats.WITHOUT_FINDINGS if name in ("functions", "invoke") else formats.NAMES
        assert tuple(option.type.choices) == wanted  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", formats.NAMES)
def test_a_format_has_a_word_for_everything_that_commands_end_with(name: str) -> None:
    wanted = {member for member in vars(formats.Format) if not member.startswith("_")}
    assert wanted >= {"plan", "report", "validation", "error", "functions", "answer"}
    assert [member for member in sorted(wanted) if not callable(getattr(formats.of(name), member, None))] == []


@pytest.mark.parametrize("name", formats.NAMES)
def test_a_format_shows_every_target_and_value_of_a_plan(name: str) -> None:
    shown = formats.plan(name, plan(target("test/us-west-2/checkout", field("before-1", "after-2"))), View())
    assert all(word in shown.replace("&#45;", "-") for word in ("checkout", "before-1", "after-2"))


@pytest.mark.parametrize("name", formats.NAMES)
def test_a_format_is_asked_for_by_its_name(house: House, name: str) -> None:
    house.write("one.yaml", function_spec("one"))
    result = house.run("plan", "--format", name)
    assert (result.exit_code, "one" in result.out) == (0, True)


def test_one_that_there_is_not_is_told_with_those_that_there_are(house: House) -> None:
    result = house.run("plan", "--format", "csv")
    assert result.exit_code == 2
    assert all(f"'{name}'" in result.err for name in formats.NAMES)
