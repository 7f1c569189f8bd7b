"""`reconcile help`: the manual travels in the package; a name that is not there is told with the nearest."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconciler.cli import cli
from reconciler.commands.handbook import pages
from reconciler.commands.options import split_command
from tests.conftest import reconcile

TOPICS = ("daily", "decisions", "documents", "github", "moving-in", "rollouts", "rules", "safety", "sandbox", "specs")


def test_without_a_topic_all_are_listed_with_their_titles() -> None:
    result = reconcile("help")
    assert (result.exit_code, result.err) == (0, "")
    assert [line.split()[0] for line in result.out.splitlines() if line.startswith("  ")] == list(TOPICS)
    assert "specs      what a YAML file says, and who owns what\n" in result.out


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_is_printed_as_it_is_written_but_for_what_only_its_test_must_know(topic: str) -> None:
    result = reconcile("help", topic)
    assert (result.exit_code, result.err) == (0, "")
    assert result.out.startswith("# ")
    assert "<!--" not in result.out
    assert result.out == pages()[topic]()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("spec", "specs"), ("Safety", "safety"), ("githb", "github"), ("aply", "apply"), ("sandboxes", "sandbox")],
)
def test_an_unknown_topic_is_a_usage_error_with_the_nearest_name_and_the_list(name: str, nearest: str) -> None:
    result = reconcile("help", name)
    assert (result.exit_code, result.out) == (2, "")
    assert f"did you mean {nearest}?" in result.err
    assert ", ".join(TOPICS) in result.err


def test_a_topic_that_is_like_nothing_gets_the_list() -> None:
    result = reconcile("help", "\x1b[31mzzzz")
    assert result.exit_code == 2
    assert "did you mean" not in result.err
    assert ", ".join(TOPICS) in result.err
    assert "\x1b" not in result.err


def test_of_a_command_it_prints_what_that_takes() -> None:
    assert reconcile("help", "plan").out == reconcile("plan", "--help").out


def test_help_loads_neither_boto3_nor_botocore() -> None:
    script = (
        "import sys; sys.argv = ['reconcile', 'help', 'safety']\n"
        "from reconciler.cli import main\n"
        "try: main()\nfinally: print([name for name in ('boto3', 'botocore', 'jinja2') if name in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.strip()) == (0, "[]")
    assert ran.stdout.startswith("# Safety")


def test_the_manual_is_in_the_package() -> None:
    folder = Path(sys.modules["reconciler"].__path__[0]) / "manual"
    assert sorted(page.stem for page in folder.glob("*.md")) == list(TOPICS)


# --- what --help says ------------------------------------------------------------------------------------------------------


def commands(command: click.Command = cli, *before: str) -> Iterator[tuple[str, click.Command]]:
    """Every command and group, by the words that it is called by."""
    for name, inner in command.commands.items() if isinstance(command, click.Group) else ():
        yield " ".join((*before, name)), inner
        yield from commands(inner, *before, name)


COMMANDS = dict(commands())
FLAGS = [
    (name, option)
    for name, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option) and not option.hidden
]


@pytest.mark.parametrize("group", ["", *(name for name, one in COMMANDS.items() if isinstance(one, click.Group))])
def test_every_command_of_a_group_is_told_in_one_whole_line(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = reconcile(*group.split(), "--help").out
    below = [name.rpartition(" ")[2] for name in COMMANDS if name.rpartition(" ")[0] == group]
    rows = re.findall(r"^  ([a-z]+)  +\S.*[^.]\.$", shown, re.MULTILINE)
    assert sorted(rows) == sorted(below)


def test_the_sections_of_help_hold_each_command_once() -> None:
    shown = reconcile("--help").out
    titles = re.findall(r"^([A-Z][A-Za-z, ]+):$", shown, re.MULTILINE)
    assert titles[:4] == ["Options", "Moving in", "Specs", "Plan and apply"]
    assert "Commands" not in titles


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_it_takes(name: str) -> None:
    (example,) = re.findall(r"^ *Example: reconcile (.*)$", COMMANDS[name].help or "", re.MULTILINE)
    words, _ = split_command(shlex.split(example))
    assert " ".join(words).startswith(name)
    while isinstance(COMMANDS[name], click.Group):
        name = f"{name} {words[len(name.split())]}"
    COMMANDS[name].make_context(name, words[len(name.split()) :])


@pytest.mark.parametrize(("name", "flag"), FLAGS, ids=lambda part: getattr(part, "name", part))
def test_every_flag_tells_the_variable_of_its_name(name: str, flag: click.Option) -> None:
    own = f"{name}_{max(flag.opts, key=len).lstrip('-')}".upper().translate(str.maketrans(" -", "__"))
    shared = {f"RECONCILE_{name.split()[0].upper()}_FORMAT"} if flag.opts == ["--format"] else {"RECONCILE_CI_NAME"}
    assert flag.show_envvar
    assert flag.envvar == f"RECONCILE_{own}" or (flag.envvar in shared and flag.opts[0] in ("--format", "--name"))


def test_a_variable_stands_for_its_flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in (
        "RECONCILE_PLAN_SNAPSHOT",
        "RECONCILE_PLAN_SNAPSHOT_PATH",
    ):  # the second is what it was called at first
        monkeypatch.setenv(variable, str(tmp_path))
        assert "is a directory" in reconcile("plan").err
        monkeypatch.delenv(variable)
    assert "[env var: RECONCILE_PLAN_SNAPSHOT]" in re.sub(r"\s+", " ", reconcile("plan", "--help").out)


@pytest.mark.parametrize(
    ("words", "nearest"),
    [("aply", "apply"), ("ci plna", "plan"), ("drift acept", "accept"), ("plan --detailed", "--detailed-exitcode")],
)
def test_a_mistyped_word_is_told_with_the_nearest(words: str, nearest: str) -> None:
    result = reconcile(*words.split())
    assert result.exit_code == 2
    assert f"Did you mean '{nearest}'?" in result.err or f"Did you mean {nearest}?" in result.err


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["plan", "--help"], ["nothing"]])
def test_what_only_tells_loads_nothing_but_click(words: list[str]) -> None:
    script = (
        f"import sys; before = {{*sys.modules}}; sys.argv = ['reconcile', *{words}]\n"
        "from reconciler.cli import main\n"
        "try: main()\nfinally: print(sorted({name.partition('.')[0] for name in {*sys.modules} - before}"
        " - {*sys.stdlib_module_names}), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False)
    assert ran.stderr.splitlines()[-1] == "['click', 'reconciler']"
