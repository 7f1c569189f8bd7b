"""`ci apply --wait`: the pull request is told what came of the rollouts that its merge began."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from reconciler.commands.rollout import advancing
from reconciler.report.journal import load_document
from tests.commands.ci.merging import Shop, shop_of
from tests.conftest import House, function_spec
from tests.github.fake import Hub
from tests.rollout.rolled import traffic
from tests.rollout.test_starting import put_alarm

ROLLOUT = "{steps: [%s], analysis: {alarms: [5xx]}}"
ALIAS = "publish: true\naliases: {live: {FunctionVersion: published, rollout: %s}}\n"


def spec(seconds: int, steps: str = "{weight: 0.25, bake: 10m}", name: str = "checkout") -> str:
    return function_spec(name, configuration=f"Timeout: {seconds}", extra=ALIAS % (ROLLOUT % steps))


@pytest.fixture
def shop(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    put_alarm(house, "5xx", "OK")
    return shop_of(house, hub, monkeypatch, {"checkout.yaml": spec(3), "audit.yaml": function_spec("audit")})


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """What happens instead of the first pause; after it nobody waits any more."""

    def happens(what: Callable[[], None]) -> None:
        left = [what]

        def pause(until: float, stop: object) -> bool:
            if left:
                left.pop()()
                return True
            return False

        monkeypatch.setattr(advancing, "_paused", pause)

    return happens


def released(shop: Shop, **said: str) -> int:
    number = shop.opened({"checkout.yaml": spec(9, **said)})
    assert shop.planned(number).exit_code == 0
    shop.merged(number)
    return number


def test_what_is_left_open_is_told_and_is_no_failure(shop: Shop) -> None:
    number = released(shop)
    result = shop.applied("--wait=0s")
    assert result.exit_code == 0, result.err
    assert traffic(shop.house) == ("1", {"2": 0.25})
    for page in (shop.comment(number), shop.summary):
        assert "### 🟢 Apply succeeded" in page
        assert (
            "**Rollouts**, as this job has left them:\n\n- 🔵 <b>test/us-west-2/checkout/alias/live</b>: 2 at 25 &#37; of 1"
            in page
        )
    assert "1 rollout left open" in result.err


def test_one_that_goes_back_fails_the_job_and_its_pull_request_says_why(
    shop: Shop, meanwhile: Callable[[Callable[[], None]], None]
) -> None:
    number = released(shop)
    meanwhile(lambda: put_alarm(shop.house, "5xx", "ALARM"))
    result = shop.applied("--wait=50m")
    assert result.exit_code == 27, result.err
    assert traffic(shop.house) == ("1", {})
    for page in (shop.comment(number), shop.summary):
        assert "- 🔴 <b>test/us-west-2/checkout/alias/live</b>: went back to 1, 2 was rejected" in page
        assert "publish a fix in a new pull request" in page
    assert "::error::test/us-west-2/checkout/alias/live: went back to 1" in result.out
    (record,) = (shop.house.root / "reports" / "rollouts").rglob("*.json")
    document = json.loads(record.read_text())
    assert document["ticks"][0]["by"] == "ci apply"
    assert (document["status"], document["ticks"][-1]["by"]) == ("rejected", "ci apply --wait")


def test_one_that_waits_for_a_person_is_told_and_is_no_failure(shop: Shop) -> None:
    number = released(shop, steps="approve, {weight: 0.25, bake: 10m}")
    result = shop.applied("--wait=0s")
    assert result.exit_code == 0, result.err
    assert "🟡" in shop.comment(number)
    assert "waits for &#96;reconcile rollout promote" in shop.comment(number)
    assert "::warning::test/us-west-2/checkout/alias/live: 2 at 0 %25 of 1" in result.out


def test_where_no_rollout_is_nobody_waits_and_nothing_more_is_told(shop: Shop) -> None:
    number = shop.opened({"audit.yaml": function_spec("audit", configuration="Timeout: 9")})
    assert shop.planned(number).exit_code == 0
    shop.merged(number)
    result = shop.applied("--wait=50m")
    assert result.exit_code == 0, result.err
    assert "Rollouts" not in shop.comment(number)


def test_a_shard_leaves_what_came_of_its_rollouts_for_the_one_who_tells(
    shop: Shop, meanwhile: Callable[[Callable[[], None]], None]
) -> None:
    number = released(shop)
    meanwhile(lambda: put_alarm(shop.house, "5xx", "ALARM"))
    folder = shop.house.root / "job" / "outcomes" / "reconcile-outcome-default.test.us-west-2"
    folder.mkdir(parents=True)
    place = ("--account", "test", "--region", "us-west-2")
    result = shop.applied(*place, "--outcome", str(folder / "outcome.json"), "--wait=50m")
    assert result.exit_code == 27, result.err
    load_document(folder / "outcome.json", "outcome")
    done = shop.job(
        "push",
        {"before": shop.head},
        "outcome",
        "--outcomes",
        str(folder.parent),
        "--report-dir",
        str(folder.parent / "reports"),
    )
    assert done.exit_code == 0, done.err
    assert "- 🔴 <b>test/us-west-2/checkout/alias/live</b>: went back to 1" in shop.comment(number)
