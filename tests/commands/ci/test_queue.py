"""`ci plan` in a merge queue: what an apply of it would refuse fails the check, and the field is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.apply.houses import OURS
from tests.commands.ci.merging import Shop, shop_of
from tests.commands.ci.test_apply import timed
from tests.conftest import House
from tests.github.fake import Hub


@pytest.fixture
def shop(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3), "two.yaml": timed("two", 3)})


def opened(shop: Shop, name: str = "one", seconds: int = 9) -> int:
    """A pull request that raises the time of a function, planned."""
    number = shop.opened({f"{name}.yaml": timed(name, seconds)})
    assert shop.planned(number).exit_code == 0
    return number


def errors(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("::error")]


def refusals(shop: Shop) -> list[dict[str, Any]]:
    plan = json.loads((shop.house.root / "plan.json").read_text())
    return [note for note in plan["diagnostics"] if note["severity"] == "refusal"]


@pytest.mark.parametrize("method", ["--squash", "--no-ff"])
def test_what_the_pull_request_showed_passes(shop: Shop, method: str) -> None:
    number = opened(shop)
    result = shop.tried(number, shop.in_queue(number, method=method))
    assert (result.exit_code, errors(result.out)) == (0, []), result.err
    assert shop.outputs["refused"] == "0"
    assert "GET /pulls" in shop.hub.calls()


def test_what_somebody_changed_since_is_found_before_the_merge_and_the_field_is_named(shop: Shop) -> None:
    number = opened(shop)
    shop.house.lambda_.update_function_configuration(FunctionName="one", Timeout=30)
    shop.house.writes()
    result = shop.tried(number, shop.in_queue(number))
    assert result.exit_code == 23
    (error,) = errors(result.out)
    assert "test/us-west-2/one is not what was approved" in error
    assert "-/configuration/Timeout: 3 → 9; +/configuration/Timeout: 30 → 9" in error
    assert "### 🔴 1 function is refused" in shop.summary
    assert "/configuration/Timeout" in shop.summary
    assert [note["error"] for note in refusals(shop)] == ["StalePlan"]
    assert shop.outputs["refused"] == "1"
    assert shop.house.writes() == []


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("", {}),
        ("one", {"Timeout": 9}),
        ("one", {"Timeout": 30}),
        ("one", {"MemorySize": 256}),
        ("two", {"MemorySize": 256}),
    ],
    ids=["nothing", "what was wanted", "the same field", "another field", "another function"],
)
def test_the_queue_passes_exactly_when_an_apply_of_it_does(shop: Shop, name: str, member: dict[str, Any]) -> None:
    number = opened(shop)
    if name:
        shop.house.lambda_.update_function_configuration(FunctionName=name, **member)
    tried = shop.tried(number, shop.in_queue(number))
    said = [note["message"] for note in refusals(shop)]
    shop.merged(number)
    done = shop.applied()
    assert tried.exit_code == done.exit_code == (23 if said else 0)
    report = json.dumps(shop.house.newest_report(), ensure_ascii=False)
    assert [message for message in said if message not in report] == []


def test_what_waits_before_it_is_held_against_its_own_pull_request(shop: Shop) -> None:
    first, second = opened(shop, "one"), opened(shop, "two")
    ahead = shop.in_queue(first)
    head = shop.in_queue(second, onto=ahead)
    result = shop.tried(second, head, onto=ahead)
    assert (result.exit_code, errors(result.out)) == (0, []), result.err
    shop.git("update-ref", "-d", f"refs/remotes/origin/{shop.queue_branch(first, 'main')}")
    result = shop.tried(second, head, onto=ahead)
    assert result.exit_code == 23
    assert "test/us-west-2/one was not in the approved plan" in errors(result.out)[0]


def test_what_was_merged_and_not_carried_out_is_held_against_its_pull_request(shop: Shop) -> None:
    first, second = opened(shop, "one"), opened(shop, "two")
    shop.merged(first)
    result = shop.tried(second, shop.in_queue(second))
    assert (result.exit_code, errors(result.out)) == (0, []), result.err
    plan = json.loads((shop.house.root / "plan.json").read_text())
    causes = {target["address"][-3:]: target["actions"][0]["cause"] for target in plan["targets"]}
    assert causes == {"one": "unapplied", "two": "edit"}


def test_a_pull_request_without_a_plan_is_named_and_what_it_changes_is_refused(shop: Shop) -> None:
    number = shop.opened({"one.yaml": timed("one", 9)}, is_fork=True)
    result = shop.tried(number, shop.in_queue(number))
    assert result.exit_code == 23
    assert f"#{number}: it comes from a fork, whose jobs make no plan" in result.out
    assert "test/us-west-2/one was not in the approved plan" in errors(result.out)[0]


def test_a_commit_that_came_after_the_plan_was_not_shown(shop: Shop) -> None:
    number = opened(shop)
    shop.pushed(number, {"one.yaml": timed("one", 12)})
    result = shop.tried(number, shop.in_queue(number))
    assert result.exit_code == 23
    assert f"#{number}: there is no plan of its last commit" in result.out


def test_a_title_that_names_another_pull_request_brings_none_of_its_plans(shop: Shop) -> None:
    other = opened(shop)
    number = shop.opened({"one.yaml": timed("one", 9), "note.txt": "another tip"})
    head = shop.in_queue(number, message=f"Merge pull request #{other} from topic-{other} (#{other})")
    assert shop.tried(number, head).exit_code == 23


def test_without_a_token_it_is_told_what_to_write(shop: Shop) -> None:
    number = opened(shop)
    result = shop.tried(number, shop.in_queue(number), GITHUB_TOKEN="")
    assert result.exit_code == 26
    assert "permissions: {actions: read, pull-requests: read}" in result.err


def test_a_house_without_approval_asks_nobody(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3)}, OURS + "approval: none\n")
    number = shop.opened({"one.yaml": timed("one", 9)})
    result = shop.tried(number, shop.in_queue(number))
    assert (result.exit_code, errors(result.out)) == (0, []), result.err


def test_a_change_of_the_queue_that_asks_for_approval_again_needs_it(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3)}, OURS + "approval: none\n")
    number = shop.opened({"one.yaml": timed("one", 9), "reconcile.yaml": OURS})
    assert shop.tried(number, shop.in_queue(number)).exit_code == 23
