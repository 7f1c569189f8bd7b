"""What a reviewer must see is never cut away: lists item by item, long values at all their differences, long names whole."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.formats.markdown import plan as plan_markdown
from reconciler.report.formats.shown import CONTEXT, differing
from reconciler.report.formats.text import plan as plan_text
from tests.conftest import House, function_spec
from tests.report.test_hostile_text import field, plan, target

OURS = "arn:aws:lambda:us-west-2:123456789012:layer:base:3"
FOREIGN = "arn:aws:lambda:us-west-2:999999999999:layer:a-stranger-s-layer-with-a-long-name:41"


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_foreign_layer_behind_our_own_is_seen(house: House, form: str) -> None:
    house.write("checkout.yaml", function_spec(configuration=f"Layers: ['{OURS}']"))
    house.apply()
    house.write("checkout.yaml", function_spec(configuration=f"Layers: ['{OURS}', '{FOREIGN}']"))
    assert FOREIGN in house.run("plan", "--format", form).out


def test_a_list_is_shown_item_by_item() -> None:
    kept, gone, new = (f"{word} " * 12 for word in ("kept", "gone", "new"))
    lines = plan_text(
        plan(target("t/r/f", field([kept, gone], [kept, new], path="/configuration/Layers")))
    ).splitlines()
    at = next(number for number, line in enumerate(lines) if "configuration.Layers" in line)
    assert [line.strip() for line in lines[at + 1 : at + 4]] == [f'"{kept}"', f'- "{gone}"', f'+ "{new}"']


def test_an_item_in_the_middle_of_a_long_list_is_seen_in_markdown() -> None:
    before = [f"subnet-{number:017d}" for number in range(40)]
    after = [*before[:20], "subnet-evil", *before[20:]]
    text = plan_markdown(plan(target("t/r/f", field(before, after))))
    assert re.findall(r"^[-+] .*subnet.*$", text, re.MULTILINE) == ["+       subnet-evil"]


@pytest.mark.parametrize("render", [plan_text, plan_markdown])
def test_two_differences_of_a_long_value_are_both_seen(render: Any) -> None:
    before = "a" * 600 + "ONE" + "b" * 600 + "TWO" + "c" * 600
    after = before.replace("ONE", "1111").replace("TWO", "2222")
    text = render(plan(target("t/r/f", field(before, after))))
    assert all(word in text for word in ("ONE", "TWO", "1111", "2222"))


@pytest.mark.parametrize("render", [plan_text, plan_markdown])
def test_a_new_value_is_whole_however_long(render: Any) -> None:
    value = "".join(f"<{number}>" for number in range(900))
    text = render(plan(target("t/r/f", field(None, value), verb="create")))
    assert value in text


@given(st.text("ab", max_size=90), st.text("ab", max_size=90))
def test_an_excerpt_holds_every_difference(before: str, after: str) -> None:
    one, two = (text.strip("…") for text in differing(before, after))
    start = before.find(one) if one else 0
    assert before.replace(one, "", 1) == after.replace(two, "", 1) or before[:start] == after[:start]
    if before != after:
        assert one != two
    assert len(one) <= len(before)


def test_what_is_alike_around_a_difference_is_shortened() -> None:
    one, two = differing("x" * 500 + "1" + "y" * 500, "x" * 500 + "2" + "y" * 500)
    assert one == "…" + "x" * CONTEXT + "1" + "y" * CONTEXT + "…"
    assert two == "…" + "x" * CONTEXT + "2" + "y" * CONTEXT + "…"


def test_two_long_names_that_differ_at_their_end_look_different() -> None:
    name = "p" * 150
    text = plan_text(plan(target("t/r/f", field("1", "2", path=f"/{name}1"), field("1", "2", path=f"/{name}2"))))
    assert f"{name}1" in text
    assert f"{name}2" in text


def test_a_long_refusal_is_whole_in_markdown() -> None:
    note = {"severity": "refusal", "message": "r" * 5000, "address": "t/r/f", "source": None, "error": ""}
    assert "r" * 5000 in plan_markdown(plan(target("t/r/f", field(1, 2)), notes=[note]))


def test_the_file_of_the_same_step_holds_what_a_comment_has_no_room_for(house: House) -> None:
    filters = "".join(f'        - Pattern: \'{{"body": {{"k": ["{number:04d}"]}}}}\'\n' for number in range(5))
    mappings = "".join(
        f"  m{number}:\n    EventSourceArn: arn:aws:sqs:us-west-2:123456789012:q{number}\n"
        f"    FilterCriteria:\n      Filters:\n{filters}"
        for number in range(150)
    )
    house.write("checkout.yaml", function_spec(extra=f"event_source_mappings:\n{mappings}"))
    out = house.run("plan", "--format", "markdown", "-o", "plan.json").out
    assert "<b>checkout</b>" in out
    assert "No room here for the fields of 1 target" in out
    assert "the whole plan is in plan&#46;json" in out
    (planned,) = json.loads((house.root / "plan.json").read_text())["targets"]
    assert len(planned["actions"]) == 151
