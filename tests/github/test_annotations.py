"""Annotations: what stands at a line, how many there may be, and that no text of anybody else becomes a command."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.errors import Fault
from reconciler.core.model import Origin
from reconciler.github.annotations import MOST_OF_A_KIND, Annotation, command, commands, of_faults, of_plan
from reconciler.github.handed_on import written
from tests.report.test_hostile_text import field, note, plan, target


def at(line: int, **facts: object) -> dict[str, object]:
    return (
        field("512", "1024", path="/configuration/MemorySize")
        | {"source": {"file": "specs/a.yaml", "line": line}}
        | facts
    )


def moving() -> dict[str, object]:
    fact = {"path": "/aliases/live/FunctionVersion", "before": "1", "after": "(known after apply)"}
    return at(30, cause="edit", known_after_apply=True) | fact


def test_a_mistake_stands_at_its_line_and_column() -> None:
    (found,) = of_faults([Fault(Origin("specs/a.yaml", 3, 7), "wrong: so, and 100 %")])
    assert command(found) == "::error file=specs/a.yaml,line=3,col=7::wrong: so, and 100 %25"


def test_an_edited_line_says_what_it_does_to_aws_and_to_the_traffic() -> None:
    release = target("test/us-west-2/checkout", at(12, cause="edit")) | {"address": "test/us-west-2/checkout"}
    release["actions"].append(
        {**release["actions"][0], "address": "test/us-west-2/checkout/alias/live", "fields": [moving()]}
    )
    first, second = of_plan(plan(release))
    assert (first.level, first.file, first.line, first.is_edited) == ("notice", "specs/a.yaml", 12, True)
    assert (
        first.message
        == "configuration.MemorySize: 512 → 1024 in AWS; live moves to a new version (test/us-west-2/checkout)"
    )
    assert second.line == 30


def test_a_text_that_is_empty_or_has_several_lines_is_shown_as_the_plan_shows_it() -> None:
    (found,) = of_plan(plan(target("a/r/f", at(12, before="", after="x\ny"))))
    assert found.message == 'configuration.MemorySize: "" → "x\\ny" in AWS (a/r/f)'


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ("unapplied", ", which git said before and no apply has done yet"),
        ("behind", ", which only this branch's age does: its base has changed it, and a merge keeps that"),
        ("drift", ", where it was changed behind git's back"),
    ],
)
def test_a_line_that_the_change_did_not_edit_says_whose_it_is_and_comes_later(cause: str, said: str) -> None:
    (found,) = of_plan(plan(target("test/us-west-2/checkout", at(12, cause=cause))))
    assert found.message == f"configuration.MemorySize: 512 → 1024 in AWS{said} (test/us-west-2/checkout)"
    assert not found.is_edited


def test_one_line_of_many_targets_is_one_annotation() -> None:
    every = [target(f"test/r{number}/checkout", at(12, cause="edit")) for number in range(3)]
    (found,) = of_plan(plan(*every))
    assert found.message.endswith("(test/r0/checkout and 2 more)")


def test_refusals_are_errors_and_notes_are_none() -> None:
    found = of_plan(
        plan(notes=[note("no", "refusal", {"file": "a", "line": 2}), note("hm", "warning"), note("so", "note")])
    )
    assert [(one.level, one.file, one.line) for one in found] == [("error", "a", 2), ("warning", "", 0)]


def test_a_freeze_is_told_once_however_many_it_holds() -> None:
    held = [
        note(f"{number} is held by freeze {freeze} (W257)", "warning", {"file": "r", "line": line})
        | {"until": "2027-01-04T07:00:00Z"}
        for freeze, line in (("a", 1), ("b", 2))
        for number in range(3)
    ]
    assert [(one.message, one.line) for one in of_plan(plan(notes=held))] == [
        ("0 is held by freeze a; and 2 targets more (W257)", 1),
        ("0 is held by freeze b; and 2 targets more (W257)", 2),
    ]


def test_edited_lines_go_first_and_what_is_left_out_is_counted() -> None:
    others = [Annotation("notice", f"other {number}", "a", number) for number in range(1, 30)]
    lines = commands([*others, Annotation("notice", "edited", "a", 99, is_edited=True), Annotation("error", "one")])
    assert lines[0] == "::error::one"
    assert lines[1].endswith("::edited")
    assert len(lines) == 1 + MOST_OF_A_KIND
    assert lines[-1] == "::notice::21 more notices; the whole plan is in the summary of this job"


# The runner's own parser: a command begins a line, its properties end at the next `::`.
COMMAND = re.compile(r"::(\w+)(?: ([^:]*))?::(.*)", re.DOTALL)


@given(st.text(), st.text(), st.sampled_from(["error", "warning", "notice"]))
def test_no_text_ends_its_place_or_begins_a_command(message: str, file: str, level: str) -> None:
    line = command(Annotation(level, message, file, 3, 4))  # type: ignore[arg-type]
    assert len(line.splitlines()) == 1
    assert "##[" not in line
    found = COMMAND.fullmatch(line)
    assert found is not None
    assert found[1] == level
    names = [part.partition("=")[0] for part in (found[2] or "").split(",")]
    assert names == (["file", "line", "col"] if file else ["line", "col"])


@pytest.mark.parametrize("value", ["x\nchanged<<other\nfalse\nother", "a=b", ""])
def test_no_value_that_is_handed_on_begins_another(value: str) -> None:
    lines = written({"digest": value, "changed": "true"}, "end-1").splitlines()
    assert lines[0] == "digest<<end-1"
    assert lines[lines.index("end-1") + 1] == "changed<<end-1"
    assert lines[-1] == "end-1"
