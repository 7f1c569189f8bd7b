"""What is looked at until a function that was made with its version can be used: the version, and as long as it is not there the function."""

from __future__ import annotations

import pytest

from reconciler.core.errors import SettleFailed
from reconciler.core.model import Target
from reconciler.kinds.registry import WAITS

WAIT, TARGET = WAITS["function-published"], Target("test", "us-west-2", "checkout")
ANSWERED = {"Version": "1", "State": "Pending"}


def looks(function: list[str], version: list[str]) -> list[str]:
    """What is looked at, as long as it takes, where each shows these states one after the other, and the last one from then on; with a mark
    where that is at once after the look before."""
    asked, state = list[str](), ANSWERED
    left = {"function": list(function), "version": list(version)}
    while not WAIT.is_over(state, TARGET, ANSWERED):
        operation, params = WAIT.look(TARGET, ANSWERED, state)
        assert (operation, params["FunctionName"]) == ("GetFunction", "checkout")
        is_at_once = state is not ANSWERED and WAIT.is_near(state)
        what = "version" if params.get("Qualifier") == "1" else "function"
        asked.append(f"{what}{' at once' if is_at_once else ''}")
        shown = left[what].pop(0) if len(left[what]) > 1 else left[what][0]
        state = {"Version": "1" if what == "version" else "$LATEST", "State": shown}
    return asked


@pytest.mark.parametrize(
    ("function", "version", "asked"),
    [
        (["Active"], ["Active"], ["version"]),
        (["Pending", "Pending", "Active"], ["Pending", "Active"], ["version", "function", "function", "function", "version at once"]),
        (["Active"], ["Pending", "Pending", "Active"], ["version", "function", "version at once", "function", "version at once"]),
    ],
    ids=["there", "the function takes long", "the version takes long"],
)  # fmt: skip
def test_the_version_is_looked_at_as_soon_as_the_function_is_there(
    function: list[str], version: list[str], asked: list[str]
) -> None:
    assert looks(function, version) == asked


def test_a_function_that_cannot_be_made_is_told_before_its_version() -> None:
    with pytest.raises(SettleFailed, match="State is Failed"):
        looks(["Pending", "Failed"], ["Pending"])
