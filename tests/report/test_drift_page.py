"""What an issue about drift says: field, what AWS holds, what git says, where, and how to end it; all of it inert."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from reconciler.report.formats import View
from reconciler.report.formats.page.drifted import drift_page, facts
from tests.report.pages import OURS, nodes
from tests.report.test_hostile_text import field, nasty, target

ADDRESS = "test/us-west-2/one"
SOURCE = {"file": "specs/one.yaml", "line": 8}
VIEW = View(repository_url="https://github.com/o/r", commit="c" * 40, run_url="https://github.com/o/r/actions/runs/1")


def drifted(*fields: dict[str, Any], verb: str = "update") -> dict[str, Any]:
    return target(ADDRESS, *fields, verb=verb)


def test_a_field_is_told_with_both_sides_and_its_place() -> None:
    page = drift_page(drifted(field(9, 3, "/configuration/Timeout", source=SOURCE)), VIEW)
    assert (
        "| <code>configuration&#46;Timeout</code> | <b>9</b> | 3 | [specs/one&#46;yaml:8](<https://github.com/o/r/blob/"
        in page
    )
    assert "write it into the spec" in page
    assert "<code>ignore</code> takes /configuration/Timeout." in page
    assert "actions/runs/1" in page


@pytest.mark.parametrize(
    ("verb", "sides"),
    [("create", "| <b>(nothing)</b> | it is there |"), ("delete", "| <b>it is there</b> | (nothing) |")],
)
def test_what_is_gone_or_came_is_one_row(verb: str, sides: str) -> None:
    page = drift_page(drifted(field(None, 3), field(None, 4), verb=verb), VIEW)
    assert f"| the function {sides}" in page
    assert page.count("\n| ") == 1


def test_a_sensitive_value_is_never_shown() -> None:
    hidden = field("(sensitive)", "(sensitive)", "/configuration/Environment/Variables/TOKEN", sensitive=True)
    page = drift_page(drifted(hidden), VIEW)
    assert "| <b>(sensitive)</b> | (sensitive) |" in page


def test_a_long_value_stands_whole_below_the_table() -> None:
    page = drift_page(drifted(field("x" * 200, "y" * 200)), VIEW)
    assert "| <b>(long, see below)</b> | (long, see below) |" in page
    assert "x" * 200 in page.partition("```diff")[2]


def test_a_page_never_takes_more_than_its_room_and_counts_what_is_left_out() -> None:
    fields = [field(f"{number}" + "x" * 900, "y" * 900, f"/configuration/F{number}") for number in range(400)]
    page = drift_page(drifted(*fields), VIEW)
    assert len(page.encode()) <= 60_000
    assert "more have no room here" in drift_page(drifted(*fields), View(room=9_000))
    assert "more lines have no room here" in page


def test_another_place_or_author_makes_no_other_drift_and_another_value_does() -> None:
    one = field(9, 3, source=SOURCE, author="Ada")
    assert facts(drifted(one)) == facts(drifted(field(9, 3)))
    assert facts(drifted(one)) != facts(drifted(field(8, 3)))
    assert facts(drifted(one)) != facts(drifted(one, verb="replace"))


@given(nasty, nasty)
def test_no_text_of_a_drift_becomes_markdown(one: str, two: str) -> None:
    fields = [field(one, two), field(two, [one, two], f"/tags/{one}", source={"file": f"specs/{two}.yaml", "line": 1})]
    longer = field(one * 30, two * 30, "/configuration/Handler")
    page = drift_page(drifted(*fields, longer), VIEW)
    assert nodes(page) <= OURS
