"""What `ignore` leaves to others may be anything, before an apply and while it runs; what is not left is guarded as ever."""

from __future__ import annotations

import pytest

from tests.apply.houses import OURS
from tests.apply.strangers import ACTS, Stranger
from tests.apply.test_strangers import CHANGED, FULL
from tests.conftest import House, function_spec

# What is left to others, and who changes it.
LEFT = {
    "/log_group/retention_days": "retention",
    "/log_group": "retention gone",
    "/concurrency/ReservedConcurrentExecutions": "concurrency",
    "/concurrency": "concurrency gone",
    "/code_signing/CodeSigningConfigArn": "code signing",
    "/recursion/RecursiveLoop": "recursion",
    "/runtime_management": "runtime",
    "/urls/live/*": "url",
    "/urls/live": "url gone",
    "/event_invoke/live/MaximumRetryAttempts": "asynchronous",
    "/event_invoke/*": "asynchronous gone",
    "/permissions/live/bucket/SourceArn": "statement changed",
    "/permissions/live/b*": "statement gone",
    "/event_source_mappings/orders/MaximumBatchingWindowInSeconds": "mapping",
    "/event_source_mappings/*": "mapping gone",
}


@pytest.fixture
def leaving(house: House) -> House:
    """A house whose function has a resource of every kind."""
    house.write("reconcile.yaml", OURS, stock=False)
    for extra in (CHANGED, FULL):  # the first one's stock is what strangers put there
        house.write("checkout.yaml", function_spec(extra=extra))
    house.apply()
    return house


def leaves(house: House, pointer: str, seconds: int) -> None:
    text = function_spec(configuration=f"Timeout: {seconds}", extra=f"{FULL}ignore: ['{pointer}']\n")
    house.write("checkout.yaml", text)


@pytest.mark.parametrize("pointer", LEFT)
def test_it_is_no_change_of_what_a_plan_saw(leaving: House, pointer: str) -> None:
    ACTS[LEFT[pointer]](leaving)
    leaves(leaving, pointer, 8)
    assert leaving.apply()["outcome"]["exit_code"] == 0, leaving.run("plan").out
    assert leaving.verbs() == {}


@pytest.mark.parametrize("pointer", LEFT)
def test_it_may_change_while_an_apply_runs(leaving: House, pointer: str) -> None:
    leaves(leaving, pointer, 8)
    stranger = Stranger(leaving)
    stranger.waits(ACTS[LEFT[pointer]], lambda _, name, when: (name, when) == ("PublishVersion", "before"))
    assert leaving.apply()["outcome"]["exit_code"] == 0
    assert stranger.leaves()
    assert leaving.verbs() == {}


def test_code_that_is_left_is_not_sent_along(leaving: House) -> None:
    leaving.write(
        "checkout.yaml",
        function_spec(key="v2.zip", configuration="Architectures: [arm64]", extra=FULL + "ignore: [/code]\n"),
    )
    result = leaving.run("apply", "--yes")
    assert (result.exit_code, "(R210)" in result.out) == (21, True)
    leaving.write(
        "checkout.yaml", function_spec(key="v2.zip", configuration="Timeout: 9", extra=FULL + "ignore: [/code]\n")
    )
    leaving.writes()
    assert leaving.apply()["outcome"]["exit_code"] == 0
    assert leaving.writes() == ["UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"]
    assert leaving.verbs() == {}


def test_what_is_not_left_is_guarded(leaving: House) -> None:
    leaves(leaving, "/event_invoke/live/MaximumRetryAttempts", 8)
    stranger = Stranger(leaving)
    stranger.waits(ACTS["url"], lambda _, name, when: (name, when) == ("PublishVersion", "before"))
    assert leaving.apply()["outcome"]["exit_code"] == 23
