"""The marker of a rollout is no part of the Description that a spec compares, and stays at its end whatever we send."""

from __future__ import annotations

import pytest

from reconciler.core.model import Target
from reconciler.kinds.alias import ALIAS, live, marker
from reconciler.kinds.registry import state_of
from tests.conftest import REGION

MARKER = "[rollout 8: step 1 of 2 at 5% since 2026-11-25T12:40:05Z, begun 2026-11-25T12:40:05Z, from 7]"
TARGET = Target("test", REGION, "checkout")


@pytest.mark.parametrize("text", ["", "what it is for", "ends with a bracket]"])
def test_the_marker_is_taken_off_what_is_compared_and_stays_in_what_is_relied_on(text: str) -> None:
    described = f"{text} {MARKER}" if text else MARKER
    item = live(TARGET, {"Name": "live", "FunctionVersion": "7", "Description": described})
    assert item.properties["Description"] == text
    assert marker(item.handle).candidate == "8"  # type: ignore[union-attr]
    assert state_of(item).properties["Description"] == described


def test_an_update_keeps_the_marker_behind_a_new_description() -> None:
    item = live(TARGET, {"Name": "live", "FunctionVersion": "7", "Description": f"old {MARKER}"})
    wanted = ALIAS.normal({**item.properties, "Description": "new"}, "checkout")
    (step,) = ALIAS.update("checkout", "live", wanted, frozenset({"Description"}), item.handle)
    assert step.params["Description"] == f"new {MARKER}"


def test_what_only_looks_like_a_marker_is_a_description() -> None:
    item = live(TARGET, {"Name": "live", "FunctionVersion": "7", "Description": "[rollout 8: soon]"})
    assert (item.properties["Description"], marker(item.handle)) == ("[rollout 8: soon]", None)
