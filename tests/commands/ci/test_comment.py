"""`ci comment`: one comment of ours under a pull request, edited in place, whatever others write; and a check run for many lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.apply.houses import OURS, house_of
from tests.commands.ci.merging import Shop, shop_of
from tests.conftest import House, function_spec
from tests.github.fake import Hub

MARK = "<!-- reconcile:default -->\n"


def timed(name: str, seconds: int) -> str:
    return function_spec(name, configuration=f"Timeout: {seconds}")


@pytest.fixture
def shop(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3)})


def test_the_comment_is_edited_in_place_with_each_push(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    first = shop.comment(number)
    assert first.startswith(MARK + "### 🟡 1 function changes")
    assert "merging applies exactly this" in first
    shop.pushed(number, {"one.yaml": timed("one", 12)})
    shop.planned(number)
    assert "<b>12</b>" in shop.comment(number)
    shop.pushed(number, {"one.yaml": timed("one", 99999)})
    shop.planned(number)
    assert shop.comment(number).startswith(MARK + "### 🔴 Invalid: 1 mistake in 1 file")
    assert "merging applies" not in shop.comment(number)


def test_where_nobody_tells_what_was_applied_the_plan_is_made_all_the_same(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.hub.without("actions")
    result = shop.planned(number)
    assert result.exit_code == 0
    assert "warning: what is merged and not applied yet may count as drift, for records cannot be had: " in result.err
    assert "`permissions: {actions: read}`" in result.err


def test_where_nothing_need_be_approved_nothing_is_promised(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3)}, OURS + "approval: none\n")
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    assert "merging applies exactly this" not in shop.comment(number)
    assert "merging applies what differs by then" in shop.comment(number)


def test_the_same_again_writes_nothing(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    shop.hub.requests.clear()
    plan = shop.house.root / "job" / "plan.json"
    shop.job("pull_request", shop.request_event(number), "comment", "--plan", str(plan), GITHUB_RUN_ID="2")
    written = len(shop.hub.writes())
    shop.job("pull_request", shop.request_event(number), "comment", "--plan", str(plan), GITHUB_RUN_ID="2")
    assert len(shop.hub.writes()) == written


def test_a_run_of_an_older_commit_that_is_run_again_hides_no_newer_plan(shop: Shop) -> None:
    """Whoever may push may run a job again: reviewers would see what the harmless commit did, and merge the other one."""
    number = shop.opened({"one.yaml": timed("one", 4)})
    old = shop.request_event(number)
    shop.planned(number)
    plan = shop.folder.parent / "plan.json"
    harmless = plan.read_text()
    shop.pushed(number, {"one.yaml": timed("one", 9)})
    shop.planned(number)
    told = shop.comment(number)
    plan.write_text(harmless)
    again = shop.job("pull_request", old, "comment", "--plan", str(plan))
    assert again.exit_code == 0
    assert shop.comment(number) == told
    assert f"is at {shop.hub.pulls[number].head[:10]} by now" in again.out
    assert "1 function changes" in shop.summary


def test_a_run_that_is_run_again_after_the_merge_hides_no_outcome(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    shop.merged(number)
    assert shop.applied().exit_code == 0
    told = shop.comment(number)
    shop.planned(number)
    assert shop.comment(number) == told


def test_a_comment_that_looks_like_ours_is_left_alone(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    theirs = shop.hub.comment(number, MARK + "### 🟢 nothing changes", author="stranger")
    shop.planned(number)
    theirs_now, ours = shop.hub.comments(number)
    assert theirs_now.body == theirs.body == MARK + "### 🟢 nothing changes"
    assert ours.author != "stranger"
    assert "1 function changes" in ours.body


def test_each_workspace_has_a_comment_of_its_own(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    plan = str(shop.house.root / "job" / "plan.json")
    shop.job("pull_request", shop.request_event(number), "comment", "--plan", plan, "--name", "other")
    shop.job("pull_request", shop.request_event(number), "comment", "--plan", plan, RECONCILE_CI_NAME="other")
    marks = [comment.body.splitlines()[0] for comment in shop.hub.comments(number)]
    assert marks == ["<!-- reconcile:default -->", "<!-- reconcile:other -->"]


@pytest.mark.parametrize("token", ["read-only", "none"])
def test_where_it_may_not_write_the_summary_says_it(shop: Shop, token: str) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    if token == "read-only":
        shop.hub.read_only()
    event, plan = shop.request_event(number), shop.house.root / "job" / "plan.json"
    shop.git("checkout", "-q", f"topic-{number}")
    shop.job("pull_request", event, "plan", "-o", str(plan))
    variables = {"GITHUB_TOKEN": ""} if token == "none" else {}
    result = shop.job("pull_request", event, "comment", "--plan", str(plan), **variables)
    assert result.exit_code == 0
    assert f"::warning::#{number} is not told" in result.out
    assert "### 🟡 1 function changes" in shop.summary
    assert shop.hub.comments(number) == []


def test_a_plan_that_was_never_made_is_told(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.job("pull_request", shop.request_event(number), "comment", "--plan", "missing.json")
    assert "### 🔴 There is no plan" in shop.comment(number)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"kind": "error"}', '{"kind": "plan", "format_version": "1.1"}', "[" * 9999]
)
def test_what_is_neither_plan_nor_error_is_not_told(shop: Shop, text: str) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    Path(shop.house.root / "job" / "plan.json").write_text(text)
    result = shop.job(
        "pull_request", shop.request_event(number), "comment", "--plan", str(shop.house.root / "job" / "plan.json")
    )
    assert result.exit_code == 2
    assert shop.hub.comments(number) == []


def test_more_lines_than_annotations_stand_in_a_check_run(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"fn{number:02}" for number in range(13)]
    shop = shop_of(house, hub, monkeypatch, {f"{name}.yaml": timed(name, 3) for name in names})
    number = shop.opened({f"{name}.yaml": timed(name, 9) for name in names})
    shop.planned(number)
    (check,) = shop.hub.checks(shop.hub.pulls[number].head)
    assert (check.conclusion, check.name, len(check.annotations)) == ("neutral", "reconcile lines (default)", 13)
    assert {one["path"] for one in check.annotations} == {f"specs/{name}.yaml" for name in names}


def test_outside_actions_the_comment_is_shown(house: House) -> None:
    house_of(house, "one")
    house.write("one.yaml", timed("one", 9))
    assert house.run("plan", "-o", "plan.json").exit_code == 0
    result = house.run("ci", "comment")
    assert result.exit_code == 0
    assert "### 🟡 1 function changes" in result.out
    assert "would make this the comment" in result.err


def test_no_hostile_name_writes_a_mark_or_mentions_anybody(shop: Shop) -> None:
    text = function_spec("one", configuration='Description: "<!-- reconcile:other --> @ada fixes #1"')
    number = shop.opened({"one.yaml": text}, "@ada <!-- x -->")
    shop.planned(number)
    outside = re.sub("^(`{3,})diff$.*?^\\1$", "", shop.comment(number), flags=re.DOTALL | re.MULTILINE)
    assert outside.startswith(MARK)
    assert outside.count("<!--") == 1
    assert "@ada" not in outside
    assert "fixes #1" not in outside
