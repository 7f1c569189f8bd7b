"""`ci apply` tells each pull request what became of its own functions, and of nobody else's."""

from __future__ import annotations

import pytest

from tests.commands.ci.merging import Shop, shop_of
from tests.commands.ci.test_apply import timed, timeout
from tests.conftest import House, Result
from tests.github.fake import Hub


@pytest.fixture
def shop(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3), "two.yaml": timed("two", 3)})


def brought(shop: Shop, name: str, seconds: int) -> int:
    number = shop.opened({f"{name}.yaml": timed(name, seconds)})
    shop.planned(number)
    shop.merged(number)
    return number


def changed_behind_git(shop: Shop, name: str, size: int) -> None:
    shop.house.lambda_.update_function_configuration(FunctionName=name, MemorySize=size)


def test_an_old_run_that_comes_late_does_not_take_back_what_its_pull_request_was_told(shop: Shop) -> None:
    old = brought(shop, "one", 9)
    stale = shop.head
    assert shop.applied().exit_code == 0
    told = shop.comment(old)
    brought(shop, "one", 12)
    assert shop.applied().exit_code == 0
    shop.git("checkout", "-q", stale)
    late = shop.applied()
    assert (late.exit_code, "(R266)" in late.err) == (23, True)
    assert shop.comment(old) == told
    assert "(R266)" in shop.summary


def test_an_older_pull_request_is_not_told_what_a_later_one_did_to_its_function(shop: Shop) -> None:
    older = brought(shop, "one", 9)
    changed_behind_git(shop, "two", 256)  # so that the range begins before it again and again
    assert shop.applied().exit_code == 23
    told = shop.comment(older)
    assert "### 🟢 Apply succeeded" in told
    later = brought(shop, "one", 12)
    changed_behind_git(shop, "two", 512)
    assert shop.applied().exit_code == 23
    assert shop.comment(older) == told
    assert "### 🟠 Apply partial: 1 of 2 functions" in shop.comment(later)  # its plan showed the other function, too


def test_a_pull_request_without_a_plan_is_told_of_no_function_of_another(shop: Shop) -> None:
    planless = shop.opened({"readme.md": "text\n"}, is_fork=True)
    shop.merged(planless)
    brought(shop, "one", 9)
    assert shop.applied().exit_code == 0
    assert shop.hub.comments(planless) == []


def test_a_pull_request_without_a_plan_is_told_of_what_nobody_was_shown(shop: Shop) -> None:
    planless = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    other = brought(shop, "two", 9)
    shop.merged(planless)
    assert shop.applied(before=shop.git("rev-parse", "HEAD~2")).exit_code == 23
    assert "### 🔴 Apply refused: 0 of 1 function" in shop.comment(planless)
    assert "### 🟢 Apply succeeded" in shop.comment(other)
    assert shop.applied("--approve", shop.outputs["digest"], event="workflow_dispatch").exit_code == 0
    assert timeout(shop, "one") == 9
    assert "### 🟢 Apply succeeded" in shop.comment(planless)


def test_a_pull_request_that_changes_what_judges_is_told_of_what_nobody_was_shown_beside_its_own(shop: Shop) -> None:
    config = (shop.house.root / "specs" / "reconcile.yaml").read_text()
    number = shop.opened({"reconcile.yaml": f"{config}guards: {{maxDeletes: 7}}\n", "one.yaml": timed("one", 9)})
    shop.planned(number)
    shop.merged(number)
    changed_behind_git(shop, "two", 256)
    assert shop.applied().exit_code == 23
    assert "### 🟠 Apply partial: 1 of 2 functions" in shop.comment(number)
    assert "**To go on**" in shop.comment(number)


def test_a_comment_that_somebody_edited_in_a_browser_is_still_the_one(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.planned(number)
    (comment,) = shop.hub.comments(number)
    comment.body = comment.body.replace("\n", "\r\n")
    shop.merged(number)
    assert shop.applied().exit_code == 0
    assert "### 🟢 Apply succeeded" in shop.comment(number)


def test_what_waits_for_its_apply_is_no_drift_in_the_next_pull_request(shop: Shop) -> None:
    """Where reviewers of the environment take their time, every pull request meanwhile sees it."""
    brought(shop, "one", 9)
    other = shop.opened({"two.yaml": timed("two", 9)})
    planned_in_an_empty_folder(shop, other)
    assert "not applied yet" in shop.summary
    assert "behind git" not in shop.summary


def test_without_records_a_change_is_planned_and_the_doubt_is_told(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)})
    shop.hub.without("actions")
    result = planned_in_an_empty_folder(shop, number)
    assert result.exit_code == 0
    assert "may count as drift" in result.err


def test_what_was_taken_back_before_an_apply_is_not_told_as_done(shop: Shop) -> None:
    first = brought(shop, "one", 9)
    brought(shop, "one", 3)
    assert shop.applied().exit_code == 0
    assert timeout(shop, "one") == 3
    assert "Nothing was left to do about test/us-west-2/one." in shop.comment(first)


def test_where_no_record_tells_of_a_whole_run_it_is_told_what_counts(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.github.approvals.MOST_RECORDS", 1)
    brought(shop, "one", 9)
    changed_behind_git(shop, "two", 256)
    assert "no record tells" not in shop.applied().err
    changed_behind_git(shop, "two", 512)
    result = shop.applied()
    assert result.exit_code == 23
    assert f"only what was merged after {shop.git('rev-parse', 'HEAD~1')[:10]} counts as shown" in result.err


def planned_in_an_empty_folder(shop: Shop, number: int) -> Result:
    """As a job plans, on a machine that has applied nothing."""
    shop.git("checkout", "-q", f"topic-{number}")
    return shop.job("pull_request", shop.request_event(number), "plan", "-o", "plan.json", "--report-dir", "job/none")
