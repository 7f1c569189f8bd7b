"""Freezes where merges are carried out: no pull request lifts the one that keeps it back, and only a person breaks one."""

from __future__ import annotations

import pytest

from tests.apply.houses import OURS
from tests.commands.ci.merging import Shop, shop_of
from tests.commands.ci.test_apply import timed, timeout
from tests.commands.test_freezes import BREAKING, freeze
from tests.conftest import House
from tests.github.fake import Hub


@pytest.fixture
def shop(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A freeze has come over what lives."""
    made = shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3)})
    number = made.opened({"reconcile.yaml": OURS + freeze(", allow: [create]")}, "freeze")
    made.planned(number)
    made.merged(number)
    assert made.applied().exit_code == 0
    made.house.writes()
    return made


def held(shop: Shop, files: dict[str, str]) -> int:
    """A pull request that was planned, merged, and is kept back."""
    number = shop.opened(files)
    planned = shop.planned(number)
    assert planned.exit_code == 0, planned.err
    assert "apply would be refused until " in planned.out
    assert "a freeze holds 1" in shop.comment(number)
    shop.merged(number)
    result = shop.applied()
    assert (result.exit_code, "(R351)" in result.out) == (21, True), result.err
    assert timeout(shop, "one") == 3
    return number


def test_the_freezes_before_a_change_keep_it_back_which_lifts_them(shop: Shop) -> None:
    """A later run goes by what is merged by then."""
    number = held(shop, {"one.yaml": timed("one", 9), "reconcile.yaml": OURS})
    assert "re-run the failed jobs" in shop.comment(number)
    again = shop.applied(event="workflow_dispatch")
    assert again.exit_code == 0, again.err
    assert timeout(shop, "one") == 9


@pytest.mark.parametrize("before", ["f" * 40, "0" * 40], ids=["not-here-any-more", "of-a-new-branch"])
def test_where_nobody_knows_what_was_before_a_push_the_commit_below_it_keeps_it_back(shop: Shop, before: str) -> None:
    number = shop.opened({"one.yaml": timed("one", 9), "reconcile.yaml": OURS})
    shop.planned(number)
    shop.merged(number)
    result = shop.applied(before=before)
    assert (result.exit_code, "freeze christmas holds" in result.out) == (21, True), result.err


def test_who_brings_a_freeze_is_told_that_it_keeps_his_own_change_back(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3)})
    held(shop, {"one.yaml": timed("one", 9), "reconcile.yaml": OURS + freeze()})


def test_a_freeze_that_only_moved_in_its_file_is_the_same_one(shop: Shop) -> None:
    config = (shop.house.root / "specs/reconcile.yaml").read_text()
    number = shop.opened({"one.yaml": timed("one", 9), "reconcile.yaml": f"# ours\n{config}"})
    shop.planned(number)
    shop.merged(number)
    result = shop.applied()
    assert (result.exit_code, "freeze christmas holds" in result.out) == (21, True), result.err


def test_a_freeze_that_a_change_makes_longer_is_named_once(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9), "reconcile.yaml": OURS + freeze(", allow: [create]", days=3)})
    shop.planned(number)
    shop.merged(number)
    result = shop.applied()
    assert result.exit_code == 21
    assert "freeze christmas holds; apply again then, or with --break-freeze christmas --because" in result.out


def test_no_change_calls_an_account_by_a_name_that_no_freeze_is_of(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody need have seen it either."""
    unseen = f"{OURS}approval: none\n"
    shop = shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3)})
    shop.house.write("reconcile.yaml", unseen + freeze(", accounts: [test]"), stock=False)
    shop.commit("a freeze")
    assert shop.applied().exit_code == 0
    renamed = unseen.replace("name: test", "name: other") + freeze(", accounts: [test]")
    shop.house.write("reconcile.yaml", renamed, stock=False)
    shop.house.write("one.yaml", timed("one", 9).replace("account: test", "account: other"))
    shop.commit("another name")
    result = shop.applied()
    assert (result.exit_code, "freeze christmas holds" in result.out) == (21, True), result.out + result.err
    assert timeout(shop, "one") == 3


def test_only_a_run_by_hand_breaks_a_freeze(shop: Shop) -> None:
    number = held(shop, {"one.yaml": timed("one", 9)})
    by_itself = shop.applied(*BREAKING)
    assert (by_itself.exit_code, "(R356)" in by_itself.err) == (21, True)
    assert timeout(shop, "one") == 3
    by_hand = shop.applied(*BREAKING, event="workflow_dispatch")
    assert by_hand.exit_code == 0, by_hand.err
    assert timeout(shop, "one") == 9
    assert "<b>Broke freeze christmas</b>: the till is down" in shop.comment(number)
    assert shop.house.newest_report()["run"]["broken"]["freezes"] == ["christmas"]


def test_a_reconcile_yaml_that_was_not_valid_before_keeps_nothing_back(shop: Shop) -> None:
    shop.house.write("reconcile.yaml", OURS + "freezes: [{name: f}]\n", stock=False)
    before = shop.commit("straight to main")
    shop.house.write("reconcile.yaml", OURS, stock=False)
    shop.commit("mended")
    assert shop.applied(before=before).exit_code == 0
