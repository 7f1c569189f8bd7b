"""The law with rollouts: whatever git says next and wherever a rollout is, apply, then plan, is empty; a second apply makes no writing call; and an
apply gives a version no more than the first share, or moves all at once where that is what plan said.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.rollout.marker import Marker, joined, split
from tests.conftest import House
from tests.rollout.rolled import alias, releases, says

ROLLOUTS = (
    "",
    "all-at-once",
    "{steps: all-at-once, watch: 1h}",
    "{steps: [{weight: 0.05, bake: 10m}, approve, {weight: 0.5, bake: 1h}]}",
)
HANDS = ("", "", "step", "watch", "rejected", "moved", "promoted")
DRAWS = [pytest.param(6, id="a few"), pytest.param(60, id="many", marks=pytest.mark.sweep)]
commits = st.tuples(
    st.sampled_from(["one", "two", "three"]), st.sampled_from(ROLLOUTS), st.sampled_from(["published", "stable"]), st.sampled_from(["", "text"]), st.sampled_from(HANDS)
)  # fmt: skip


def meanwhile(house: House, hand: str) -> None:
    """What ticks, or somebody, do to the alias."""
    version, _, described = alias(house)
    text, mark = split(described)
    if mark is None or mark.state != "step":
        return
    then: dict[str, tuple[str, dict[str, float], Marker | None]] = {
        "step": (version, {mark.candidate: 0.5}, Marker(mark.candidate, "step", mark.since, mark.begun, mark.from_, 3, 3, 0.5)),
        "watch": (mark.candidate, {}, Marker(mark.candidate, "watch", mark.since, mark.begun, mark.from_)),
        "rejected": (mark.from_, {}, Marker(mark.candidate, "rejected", mark.since, reason="errors")),
        "moved": (version, {mark.candidate: 0.33}, mark),
        "promoted": (mark.candidate, {}, mark),
    }  # fmt: skip
    if hand:
        to, weights, marker = then[hand]
        house.lambda_.update_alias(
            FunctionName="checkout", Name="live", FunctionVersion=to, Description=joined(text, marker),
            RoutingConfig={"AdditionalVersionWeights": weights},
        )  # fmt: skip


@pytest.mark.parametrize("draws", DRAWS)
def test_apply_then_plan_is_empty_wherever_a_rollout_is(house: House, draws: int) -> None:
    @settings(deadline=None, max_examples=draws, suppress_health_check=list(HealthCheck))
    @given(st.lists(commits, min_size=1, max_size=3))
    def holds(said: list[tuple[str, str, str, str, str]]) -> None:
        for release, rollout, version, text, hand in said:
            releases(house, release)
            pin = alias(house)[0] if version == "stable" and house_has_alias(house) else "published"
            says(house, rollout=rollout, version=pin, alias=f"Description: {text}" if text else "")
            result = house.run("apply", "--yes")
            assert result.exit_code in (0, 21), result.err
            if result.exit_code == 0:
                house.writes()
                assert house.verbs() == {}
                assert house.run("apply", "--yes").exit_code == 0
                assert house.writes() == []
            if house_has_alias(house):
                meanwhile(house, hand)

    holds()


def house_has_alias(house: House) -> bool:
    functions = house.lambda_.list_functions()["Functions"]
    return bool(functions) and bool(house.lambda_.list_aliases(FunctionName="checkout")["Aliases"])
