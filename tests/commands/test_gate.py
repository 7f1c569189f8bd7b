"""Foreign text is inert wherever it is printed: no terminal and no line of GitHub's log obeys it."""

from __future__ import annotations

import io
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.foreign import Gate, harmless, printable
from reconciler.report.formats.json import document_json
from tests.conftest import House, function_spec

COMMANDS = {"error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "set-env", "set-output", "stop-commands"}  # fmt: skip


def is_command(line: str) -> bool:
    """Whether GitHub's runner obeys a line: a port of its two parsers, ActionCommand.TryParseV2 and TryParse. Stricter than
    they are: any command counts, known to the runner or not."""
    trimmed = line.lstrip()
    is_second_form = trimmed.startswith("::") and "::" in trimmed[2:]
    start = line.find("##[")
    return is_second_form or (start >= 0 and "]" in line[start:])


def lines_of(text: str) -> list[str]:
    """As the runner reads them: carriage returns end a line, too."""
    return re.split("\r\n|\r|\n", text)


text = st.text(
    st.sampled_from('#[]: \n\r\t\x1b\u202e\u2028\u3000\u200b\\"errorwarning=,') | st.characters(), max_size=60
)
commands = st.sampled_from(["##[error]x", "::error::x", "  ::stop-commands::t", "##[add-mask]", "###[group]x", "\u3000::set-output name=a::b"])  # fmt: skip
foreign = st.builds("".join, st.lists(text | commands, max_size=4))


@given(foreign)
def test_no_output_is_a_command(written: str) -> None:
    assert not any(map(is_command, lines_of(harmless(written))))
    assert not any(map(is_command, lines_of(harmless(written, has_colour=True))))


@given(foreign, st.lists(st.integers(0, 300), max_size=8))
def test_however_it_is_cut_into_writes(written: str, cuts: list[int]) -> None:
    beneath = io.StringIO()
    gate = Gate(beneath, has_colour=False)
    at = [0, *sorted(cut % (len(written) + 1) for cut in cuts), len(written)]
    for start, end in pairwise(at):
        gate.write(written[start:end])
    assert not any(map(is_command, lines_of(beneath.getvalue())))
    assert beneath.getvalue() == harmless(written)


json_values = st.recursive(foreign | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(foreign, inner, max_size=3), max_leaves=8)  # fmt: skip


@given(json_values)
def test_json_is_no_command_and_reads_back_as_it_was(value: object) -> None:
    shown = document_json(value)
    assert not any(map(is_command, lines_of(shown)))
    assert json.loads(shown) == value
    assert json.loads(harmless(shown)) == value


@pytest.mark.parametrize("character", [*"\u034f\u3164\u115f\u1160\ufe0f\u2800\uffa0\u180b\u180e\u00ad\u200b\u2060\ufeff\u061c\u202e\u2066", "\U000e0041", "\U000e0100", "\x1b", "\x9b", "\x85", "\u2028"])  # fmt: skip
def test_what_cannot_be_seen_is_shown_as_its_number(character: str) -> None:
    shown = printable(f"a{character}b")
    assert shown.isascii()
    assert json.loads(f'"{shown}"') == f"a{character}b"


def test_colours_that_are_not_ours_stay_out_of_a_terminal_too() -> None:
    shown = harmless("\x1b[32mours\x1b[0m \x1b[8mhidden\x1b]0;title\x07\x1b[2J", has_colour=True)
    assert shown.startswith("\x1b[32mours\x1b[0m ")
    assert "\x1b" not in shown.removeprefix("\x1b[32mours\x1b[0m ")


# --- every way in, every command ------------------------------------------------------------------------------------

ATTACKS = ["##[error]x", "::error::x", "\n::error::x", "\x1b[2J", "\u202eevil", "a\r::error::x"]
COMMANDS_RUN = [
    ("validate",), ("plan",), ("plan", "--format", "json"), ("plan", "--format", "markdown"), ("apply", "--yes"), ("functions",),
    ("snapshot",), ("tasks",), ("tasks", "--format", "json"), ("plan", "--base", "##[error]x"), ("plan", "-o", "no/##[error]x/../y"),
    ("plan", "::error::x.yaml"), ("invoke", "checkout", "--alias", "##[error]x"), ("unlock", "##[error]x"), ("##[error]x",),
    ("plan", "--##[error]x"), ("plan", "--snapshot", "##[error]x"), ("apply", "--approved", "\n::error::x"),
]  # fmt: skip


def is_inert(out: str) -> bool:
    return not any(map(is_command, lines_of(out))) and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_a_pull_request_is_obeyed_by_any_command(house: House, attack: str) -> None:
    value = json.dumps(attack)
    folder = house.root / "specs" / attack.replace("/", "")
    folder.mkdir()
    spec = function_spec(
        configuration=f"Description: {value}\nRuntime_: {value}\nEnvironment: {{Variables: {{A: {value}}}}}",
        extra=f"tags: {{{value}: {value}}}\n",
    )
    (folder / "broken.yaml").write_text(spec, encoding="utf-8")
    for arguments in COMMANDS_RUN:
        result = house.run(*arguments)
        assert is_inert(result.out), arguments
        assert is_inert(result.err), arguments
        assert result.exit_code != 1, result.err


@pytest.mark.parametrize("attack", ATTACKS[:2])
def test_nothing_of_a_valid_spec_is_obeyed(house: House, attack: str) -> None:
    value = json.dumps(f"x {attack}")
    house.write(
        "checkout.yaml",
        function_spec(
            configuration=f"Description: {value}", extra=f"tags: {{'{attack[-1]}': {value}}}\npublish: true\n"
        ),
    )
    for arguments in (
        ("plan",),
        ("plan", "--format", "json"),
        ("apply", "--yes"),
        ("functions",),
        ("tasks", "--format", "json"),
    ):
        result = house.run(*arguments)
        assert is_inert(result.out + result.err), arguments
    assert house.verbs() == {}


def test_a_file_name_with_a_line_feed_adds_no_line_to_the_log(house: House) -> None:
    path = house.root / "specs" / "a\n::error::b.yaml"
    path.write_text("function: 5\n")
    result = house.run("validate")
    assert result.exit_code == 20
    assert all(line.startswith("specs") or line.endswith("mistakes.") for line in result.err.splitlines())


def test_an_answer_of_a_function_is_data(house: House, tmp_path: Path) -> None:
    code = house.root / "src"
    code.mkdir()
    (code / "lambda_function.py").write_text(
        "def lambda_handler(event, context):\n    print('::error::log')\n    return '##[error]x'\n"
    )
    house.write(
        "checkout.yaml", function_spec().replace("code: {S3Bucket: artifacts, S3Key: v1.zip}", "code: {path: ../src}")
    )
    house.apply()
    result = house.run("invoke", "checkout")
    assert is_inert(result.out + result.err)
    assert result.json()["payload"] == "##[error]x"
