"""An alias for which concurrency is provisioned: while that follows, AWS itself keeps the traffic on the warm version, by a weight.

Nobody here owns what is provisioned: somebody else has made it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import house_of
from tests.conftest import ACCOUNT, REGION, House, function_spec

ALIAS = "publish: true\naliases: {live: {FunctionVersion: published}}\n"


def says(house: House, key: str, extra: str = ALIAS) -> None:
    house.write("one.yaml", function_spec("one", key=key, extra=extra))


def alias(house: House) -> tuple[str, dict[str, float]]:
    """The version that it is on, and the weights that AWS shows."""
    answer: dict[str, Any] = house.lambda_.get_alias(FunctionName="one", Name="live")
    return answer["FunctionVersion"], answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def takes(house: House, seconds: float) -> None:
    """How long the sandbox is at it."""
    house.sandbox.gate.region(ACCOUNT, REGION)[0].settle_seconds = seconds


def move(house: House) -> None:
    """Somebody else moves it on to version 2."""
    house.lambda_.update_function_configuration(FunctionName="one", Description="newer")
    house.lambda_.publish_version(FunctionName="one")
    takes(house, 0.2)
    house.lambda_.update_alias(FunctionName="one", Name="live", FunctionVersion="2")


@pytest.fixture
def warm(house: House) -> House:
    """An alias on version 1, with concurrency provisioned."""
    house_of(house)
    says(house, "v1.zip")
    house.apply()
    house.lambda_.put_provisioned_concurrency_config(
        FunctionName="one", Qualifier="live", ProvisionedConcurrentExecutions=2
    )
    assert house.verbs() == {}
    house.writes()
    return house


def test_a_move_is_over_when_the_traffic_has_moved(warm: House) -> None:
    says(warm, "v2.zip")
    takes(warm, 0.2)
    assert warm.apply()["outcome"]["exit_code"] == 0
    assert alias(warm) == ("2", {})
    assert warm.verbs() == {}


def test_an_alias_right_after_its_move_is_waited_for_and_no_drift(warm: House) -> None:
    move(warm)
    assert alias(warm) == ("2", {"1": 1.0})
    says(warm, "v1.zip", "aliases: {live: {FunctionVersion: '2'}}\nignore: [/configuration]\n")
    assert warm.verbs() == {}
    assert alias(warm) == ("2", {})


def test_a_version_that_does_not_start_ends_the_move_with_its_reason(warm: House) -> None:
    says(warm, "v2.zip")
    warm.sandbox.gate.script = Script([Fault("UpdateAlias", nth=1, fails="FUNCTION_ERROR_INIT_FAILURE")])
    report = warm.apply()
    (task,) = report["tasks"]
    (failed,) = [item for item in task["operations"] if item.get("error")]
    assert (report["outcome"]["exit_code"], failed["operation"]) == (25, "UpdateAlias")
    assert "version 2 does not start: FUNCTION_ERROR_INIT_FAILURE" in failed["error"]["message"]


def test_the_weight_of_a_move_that_failed_is_drift_that_says_which_version_does_not_start(warm: House) -> None:
    says(warm, "v2.zip")
    warm.sandbox.gate.script = Script([Fault("UpdateAlias", nth=1, fails="FUNCTION_ERROR_INIT_FAILURE")])
    warm.apply()
    (action,) = [item for target in warm.plan()["targets"] for item in target["actions"] if item["verb"] == "update"]
    assert action["address"].endswith("/alias/live")
    assert "version 1, for version 2 does not start: FUNCTION_ERROR_INIT_FAILURE" in action["reason"]
    warm.writes()
    warm.apply()
    (sent,) = [request.params for request in warm.sandbox.writes]
    assert (sent["FunctionVersion"], sent["RoutingConfig"]) == ("2", {"AdditionalVersionWeights": {}})
    assert alias(warm) == ("2", {})


def test_every_update_of_an_alias_says_its_version_and_its_weights(warm: House) -> None:
    says(warm, "v1.zip", ALIAS.replace("published}", "published, Description: new}"))
    warm.apply()
    (sent,) = [request.params for request in warm.sandbox.writes]
    assert (sent["FunctionVersion"], sent["RoutingConfig"]) == ("1", {"AdditionalVersionWeights": {}})


def test_a_whole_weight_of_our_own_is_kept_and_one_look_tells_that_nothing_is_provisioned(house: House) -> None:
    house_of(house)
    for key in ("v1.zip", "v2.zip"):
        says(house, key)
        house.apply()
    says(
        house,
        "v2.zip",
        "aliases: {live: {FunctionVersion: '2', RoutingConfig: {AdditionalVersionWeights: {'1': 1.0}}}}\n",
    )
    house.apply()
    assert alias(house) == ("2", {"1": 1.0})
    house.sandbox.requests.clear()
    assert house.verbs() == {}
    asked = Counter(request.operation for request in house.sandbox.requests)
    assert asked["GetProvisionedConcurrencyConfig"] == 1


def test_an_alias_without_a_weight_is_asked_about_nothing_else(warm: House) -> None:
    warm.sandbox.requests.clear()
    warm.plan()
    asked = Counter(request.operation for request in warm.sandbox.requests)
    assert (asked["GetProvisionedConcurrencyConfig"], asked["GetAlias"]) == (0, 0)
