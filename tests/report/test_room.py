"""What a comment has no room for: names go before fields, counts by verb before nothing, and where the whole stands is said."""

from __future__ import annotations

import re

from reconciler.report.formats import COMMENT_ROOM as MARKDOWN_LIMIT
from reconciler.report.formats import View
from reconciler.report.formats.markdown import plan as plan_markdown
from tests.report.test_hostile_text import field, plan, target

ADDRESS = "production/us-west-2/a-function-of-the-payments-team-{:04d}"


def test_every_name_has_room_before_any_field_has() -> None:
    names = [f"a-function-of-the-payments-team-{number:04d}" for number in range(500)]
    targets = [target(f"p/r/{name}", field(f"{number} " * 40, f"{number}. " * 30)) for number, name in enumerate(names)]
    text = plan_markdown(plan(*targets))
    assert len(text.encode()) <= MARKDOWN_LIMIT
    assert "No room here for the changes of " in text
    assert [name for name in names if name not in text] == []


def test_a_target_with_too_many_resources_to_name_is_named_itself() -> None:
    large = target("t/r/large")
    action = large["actions"][0]
    large["actions"] = [{**action, "address": f"t/r/large/alias/{number:05d}", "verb": verb} for number, verb in enumerate(["create"] * 3000 + ["delete"])]  # fmt: skip
    text = plan_markdown(plan(large), View(room=9_000))
    assert "| <b>large</b>" in text or "- t/r/large: create 3000 resources, delete 1 resource\n" in text


def test_what_is_not_even_named_is_counted_by_verb_and_deletions_are_named_first() -> None:
    changed = [target(ADDRESS.format(number), field("a", f"{number} " * 40)) for number in range(3000)]
    dropped = [target(f"t/r/dropped-{number}", verb="delete", reason=f"{number} " * 3000) for number in range(20)]
    text = plan_markdown(plan(*changed, *dropped))
    assert all(f"<b>dropped-{number}</b>" in text for number in range(20))
    assert re.search(r"^- \d+ targets more: update \d+ resources$", text, re.MULTILINE)


def test_orphans_that_have_no_room_are_said_to_stand_elsewhere() -> None:
    text = plan_markdown(plan(orphans=[ADDRESS.format(number) for number in range(500)]), View(whole_in="plan.json"))
    assert re.search(r" and \d+ more; the whole plan is in plan&#46;json$", text, re.MULTILINE)


def test_guard_changes_that_have_no_room_are_said_to_stand_elsewhere() -> None:
    change = {"file": "specs/reconcile.yaml", "path": "/guards/maxDeletes", "before": "b" * 900, "after": "a" * 900, "source": None, "reason": ""}  # fmt: skip
    document = {**plan(), "configuration": {"changes": [change] * 50}}
    text = plan_markdown(document, View(whole_in="plan.json"))
    assert re.search(r"\d+ guard changes more, in specs/reconcile&#46;yaml; the whole plan is in plan&#46;json", text)
