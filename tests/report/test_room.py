"""What a comment has no room for: names go before fields, counts by verb before nothing, and where the whole stands is said."""

from __future__ import annotations

import re

from reconciler.report.formats import COMMENT_ROOM as MARKDOWN_LIMIT
from reconciler.report.formats import View
from reconciler.report.formats.markdown import plan as plan_markdown
from tests.report.test_hostile_text import field, plan, target

ADDRESS = "production/us-west-2/a-function-of-the-payments-team-{:04d}"


def test_every_name_has_room_before_any_field_has() -> None:
    targets = [target(ADDRESS.format(number), field("a" * 90, "b" * 90)) for number in range(700)]
    text = plan_markdown(plan(*targets))
    assert len(text) <= MARKDOWN_LIMIT
    missing = [one["address"] for one in targets if one["address"].replace("_", "&#95;") not in text]
    assert missing == []


def test_a_target_with_too_many_resources_to_name_is_named_itself() -> None:
    large = target("t/r/large")
    action = large["actions"][0]
    large["actions"] = [{**action, "address": f"t/r/large/alias/{number:05d}", "verb": verb} for number, verb in enumerate(["create"] * 3000 + ["delete"])]  # fmt: skip
    text = plan_markdown(plan(large))
    assert "- t/r/large: create 3000 resources, delete 1 resource\n" in text


def test_what_is_not_even_named_is_counted_by_verb_and_deletions_are_named_first() -> None:
    changed = [target(ADDRESS.format(number), field("a" * 90, "b" * 90)) for number in range(3000)]
    dropped = [target(f"t/r/dropped-{number}", verb="delete", reason="r" * 9000) for number in range(20)]
    text = plan_markdown(plan(*changed, *dropped))
    assert all(f"- t/r/dropped-{number}: delete function\n" in text for number in range(20))
    assert re.search(r"^- \d+ targets more: update \d+ resources$", text, re.MULTILINE)


def test_orphans_that_have_no_room_are_said_to_stand_elsewhere() -> None:
    text = plan_markdown(plan(orphans=[ADDRESS.format(number) for number in range(500)]), View(whole_in="plan.json"))
    assert re.search(r" and \d+ more; the whole plan is in plan&#46;json$", text, re.MULTILINE)


def test_guard_changes_that_have_no_room_are_said_to_stand_elsewhere() -> None:
    change = {"file": "specs/reconcile.yaml", "path": "/guards/maxDeletes", "before": "b" * 900, "after": "a" * 900, "source": None, "reason": ""}  # fmt: skip
    document = {**plan(), "configuration": {"changes": [change] * 50}}
    text = plan_markdown(document, View(whole_in="plan.json"))
    assert re.search(r"\d+ guard changes more, in specs/reconcile&#46;yaml; the whole plan is in plan&#46;json", text)
