"""The law of rollouts, by property, over the whole: for any interleaving of ticks, kills, lost answers, what others do to the alias, and new
commits, traffic never reaches a candidate whose evidence failed, an alias never ends between two states, and apply, then plan, is empty.

What the evidence is, is added up here of what was called; nothing of `reconciler.rollout` but the marker's form is believed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.rollout.marker import Marker, joined, split
from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.cloudwatch.calls import Called, Outcome, note_calls
from reconciler.sandbox.cloudwatch.metrics import Metrics
from reconciler.sandbox.refusals import Reset
from tests.apply.test_law import drawn
from tests.commands.rollout.scenes import BEGUN, Clock
from tests.conftest import ACCOUNT, CONFIG, REGION, House, function_spec, opened

DRAWS = [pytest.param(8, id="a few"), pytest.param(150, id="many", marks=pytest.mark.sweep)]
A_MINUTE, LEAST, MOST_FAILING, FAILING = 100, 50, 0.02, 0.2
KEYS = [f"v{number}.zip" for number in range(1, 9)]
STEPS = (
    "[{weight: 0.2, bake: 5m}, {weight: 0.5, bake: 5m}]",
    "[{weight: 0.1, bake: 3m}, approve, {weight: 0.6, bake: 8m}]",
)
TICK = ("rollout", "advance")
OPEN = "{steps: %s, watch: 5m, analysis: {errors: {max: 2%%, least: 50}}}"
LIVE = {"FunctionName": "checkout", "Name": "live"}
GOING_WRONG: Mapping[str, Callable[[int], list[Fault]]] = {
    "nothing": lambda _: [],
    "an answer is lost": lambda nth: [Fault("*", nth=nth, reset=True, when="after")],
    "CloudWatch is down": lambda _: [Fault("GetMetricData", status=503)],
    "the alias's answer is lost": lambda _: [Fault("UpdateAlias", nth=1, reset=True, when="after")],
}  # fmt: skip


@dataclass(frozen=True)
class State:
    """An alias as AWS has it."""

    version: str
    weights: Mapping[str, float]
    marker: Marker | None

    @property
    def is_whole(self) -> bool:
        """Whether version, weights and marker say the same."""
        if self.marker is None or not self.marker.is_open:
            return not self.weights and (self.marker is None or self.marker.candidate != self.version)
        return self.traffic == (self.marker.version, dict(self.marker.weights))

    @property
    def traffic(self) -> tuple[str, dict[str, float]]:
        return self.version, dict(self.weights)

    @property
    def serves(self) -> set[str]:
        return {self.version, *self.weights}


def routing(weights: Mapping[str, float]) -> dict[str, Any]:
    return {"RoutingConfig": {"AdditionalVersionWeights": weights}}


def state_of(alias: Mapping[str, Any]) -> State:
    """Of AWS's answer, or of a request for UpdateAlias, which must say all three."""
    routing = alias.get("RoutingConfig") or {}
    _, marker = split(alias["Description"])
    return State(alias["FunctionVersion"], dict(routing.get("AdditionalVersionWeights", {})), marker)


@dataclass
class World:
    """One function with an alias that moves in steps, its callers, and git. `bad` are the versions that fail their callers."""

    house: House
    clock: Clock
    bad: set[int] = field(default_factory=set)
    key: int = 0
    steps: int = 0
    text: str = "takes orders"
    is_applied: bool = False
    rejected: set[str] = field(default_factory=set)
    calls: Counter[tuple[datetime, str]] = field(default_factory=Counter)

    def begin(self) -> None:
        region, _ = self.house.sandbox.gate.region(ACCOUNT, REGION)
        region.functions.clear()
        region.metrics = Metrics()
        self.key, self.steps, self.text = 0, 0, "takes orders"
        self.bad, self.rejected, self.calls = set(), set(), Counter()
        self.write()
        assert self.house.run("apply", "--yes").exit_code == 0
        assert self.state == State("1", {}, None)

    @property
    def state(self) -> State:
        return state_of(self.alias)

    @property
    def alias(self) -> dict[str, Any]:
        found: dict[str, Any] = self.house.lambda_.get_alias(**LIVE)
        return found

    def write(self) -> None:
        rollout = OPEN % STEPS[self.steps]
        extra = f"publish: true\naliases:\n  live:\n    FunctionVersion: published\n    Description: {self.text}\n    rollout: {rollout}\n"
        self.house.write("checkout.yaml", function_spec("checkout", KEYS[self.key], extra), stock=False)

    # --- what happens -----------------------------------------------------------------------------------------------

    def minutes(self, count: int) -> None:
        """Callers come, and versions that are bad fail a fifth of them."""
        region, _ = self.house.sandbox.gate.region(ACCOUNT, REGION)
        for _ in range(count):
            state = self.state
            for version in sorted(state.serves):
                share = state.weights.get(version, 1 - sum(state.weights.values()))
                called = round(A_MINUTE * share)
                if called:
                    self.calls[self.clock.now.replace(second=0), version] += called
                    at = Called("checkout", "live", version, is_alias=True)
                    failing = int(called * FAILING) if int(version) in self.bad else 0
                    note_calls(region.metrics, at, self.clock(), Outcome(Counter({90.0: called}), failing))
            self.clock.go_on(1)

    def commit(self, what: str) -> None:
        """Steps alone are no change of what the alias is to be."""
        if what == "steps":
            self.steps = 1 - self.steps
        else:
            self.is_applied = False
            self.key = max(self.key - 1, 0) if what == "a revert" else (self.key + 1) % len(KEYS)
            self.text = "takes many orders" if what == "code and text" else self.text
        self.write()

    def publishing(self, *, is_bad: bool) -> None:
        """Whether the version that is published next fails its callers."""
        self.bad -= (following := {max(map(int, self.versions)) + 1})
        self.bad |= following if is_bad else set()

    def others(self, what: str) -> None:
        """In the console, or with another tool."""
        state, versions = self.state, self.versions
        text = self.alias["Description"]
        third = next((version for version in versions if version not in state.serves), None)
        changes: dict[str, dict[str, Any]] = {
            "weights off": routing({}),
            "more for the candidate": routing(dict.fromkeys(state.weights, 0.9)),
            "a third version": routing({third: 0.3}) if third else {},
            "promoted": {"FunctionVersion": next(iter(state.weights), state.version), **routing({})},
            "a text": {"Description": joined("by hand", split(text)[1])},
            "no marker": {"Description": "by hand"},
        }
        self.is_applied = False
        self.house.lambda_.update_alias(**LIVE, **changes[what])
        if what == "no marker":
            self.rejected.clear()  # nobody can know it any more

    @property
    def versions(self) -> list[str]:
        listed = self.house.lambda_.list_versions_by_function(FunctionName="checkout")["Versions"]
        return [item["Version"] for item in listed if item["Version"] != "$LATEST"]

    # --- what is ours -----------------------------------------------------------------------------------------------

    def run(self, *words: str, goes: str = "nothing", nth: int = 1, cut_after: int = 0) -> int:
        """A command, and what must hold of all that it sent, and of what it left. `cut_after`: no request after that many arrives, which
        is all that AWS sees of a kill."""
        alias, before, failing = self.alias, self.state, self.failing()
        gate, came = self.house.sandbox.gate, Counter[str]()

        def watch(operation: str, _: Mapping[str, Any]) -> None:
            came["requests"] += 1
            if cut_after and came["requests"] > cut_after:
                raise Reset

        gate.watch, gate.script = watch, Script(GOING_WRONG[goes](nth))
        self.house.sandbox.requests.clear()
        code = self.house.run(*words).exit_code
        gate.watch, gate.script = (lambda *_: None), Script([])
        is_by_a_person = words[0] == "rollout" and words[1] != "advance"
        for request in self.house.sandbox.writes:
            if request.operation == "UpdateAlias":
                self.sent(request.params, alias, is_by_a_person=is_by_a_person)
        after = self.state
        assert after.is_whole or after.traffic == before.traffic, (words, before, after)
        if words == TICK and not before.is_whole:
            is_back = after.marker is not None and not after.marker.is_open
            assert after.traffic == before.traffic or is_back, (before, after)  # what others moved is not moved again
        if after.marker and not after.marker.is_open:
            self.rejected.add(after.marker.candidate)
        is_undisturbed = goes != "CloudWatch is down" and not cut_after and code in (0, 27)
        if failing and words == TICK and is_undisturbed:
            assert failing not in after.serves, (before, after)
        return code

    def sent(self, params: Mapping[str, Any], before: Mapping[str, Any], *, is_by_a_person: bool) -> None:
        """An UpdateAlias of ours is for a revision that was seen. It says all of a state where it moves traffic, leaves what others moved
        where it is, and brings back nothing that was rejected."""
        was, state = state_of(before), state_of({**before, **params})
        assert "RevisionId" in params, params
        if state.traffic == was.traffic:
            return
        assert state.is_whole, (params, was)
        assert {"FunctionVersion", "RoutingConfig"} <= params.keys(), params
        assert "Description" in params or was.marker is None, params
        assert is_by_a_person or not state.serves & self.rejected, (params, self.rejected)

    def failing(self) -> str:
        """The candidate whose evidence speaks against it now, by what was called in whole minutes since it has its share; of an alias
        that others moved nobody can tell."""
        state = self.state
        marker = state.marker
        if marker is None or not marker.is_open or not state.is_whole or int(marker.candidate) not in self.bad:
            return ""
        start = marker.since.replace(second=0) + timedelta(minutes=1)
        end = (self.clock.now - timedelta(minutes=1)).replace(second=0)
        called = [
            count for (at, version), count in self.calls.items() if version == marker.candidate and start <= at < end
        ]
        failed = sum(int(count * FAILING) for count in called)
        return marker.candidate if sum(called) >= LEAST and failed / sum(called) > MOST_FAILING else ""

    def apply(self, **trouble: Any) -> None:
        code = self.run("apply", "--yes", **trouble)
        self.is_applied = code == 0

    def is_quiet(self) -> None:
        """Once applied, a plan finds nothing to do, whatever ticks did since."""
        if self.is_applied:
            assert self.house.verbs() == {}, self.state


@dataclass(frozen=True)
class Act:
    """One thing that happens."""

    name: str
    does: Callable[[World], Any]

    def __repr__(self) -> str:
        return self.name


def acts(name: str, does: Callable[..., Any], *given: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]) -> st.SearchStrategy[Act]:  # fmt: skip
    """What happens to a world, with drawn words; its name says how to do it again."""
    return st.tuples(st.tuples(*given), st.fixed_dictionaries(named)).map(
        lambda both: Act(f"{name}{both[0]}{both[1] or ''}", lambda world: does(world, *both[0], **both[1]))
    )


trouble = {
    "goes": st.sampled_from(["nothing"] * 8 + list(GOING_WRONG)),
    "nth": st.integers(1, 12),
    "cut_after": st.sampled_from([0] * 24 + list(range(1, 13))),
}
OTHERS = ("a text", "weights off", "more for the candidate", "a third version", "promoted", "no marker")
WISHES = (
    ("promote",),
    ("promote", "--full"),
    ("abort", "--because", "no"),
    ("pause",),
    ("resume",),
    ("resume", "--reset"),
)
happening = st.one_of(
    acts("tick", lambda world, **bad: world.run(*TICK, **bad), **trouble),
    acts("apply", World.apply, **trouble),
    acts("commit", World.commit, st.sampled_from(["code", "steps", "a revert"])),
    acts("others", World.others, st.sampled_from(OTHERS)),
    acts("a person", lambda world, wish: world.run("rollout", wish[0], "checkout/live", *wish[1:]), st.sampled_from(WISHES)),
)  # fmt: skip
# Time goes on between any two of these, else nothing ever comes of a rollout.
going_on = acts("minutes and tick", lambda world, count, **bad: (world.minutes(count), world.run(*TICK, **bad)), st.sampled_from([6, 9, 3, 1]), **trouble)  # fmt: skip
release = acts(
    "release", lambda world, what, is_bad, **bad: (world.commit(what), world.publishing(is_bad=is_bad), world.apply(**bad)),
    st.sampled_from(["code", "code and text", "code", "code", "a revert"]), st.booleans(), **trouble,
)  # fmt: skip
rounds = st.tuples(release, st.lists(st.one_of(going_on, going_on, happening), min_size=3, max_size=6)).map(
    lambda both: [both[0], *both[1]]
)
lives = st.lists(rounds, min_size=2, max_size=3).map(lambda parts: [act for part in parts for act in part])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Clock(BEGUN)
    with pytest.MonkeyPatch.context() as patch, opened(patch, clock) as sandbox:
        house = House(tmp_path_factory.mktemp("rollouts"), sandbox)
        house.write("reconcile.yaml", CONFIG, stock=False)
        for key in KEYS:
            house.write("checkout.yaml", function_spec("checkout", key))
        patch.setattr(time, "sleep", lambda _: None)
        yield World(house, clock)


@pytest.mark.parametrize("draws", DRAWS)
def test_the_law_of_rollouts(world: World, draws: int) -> None:
    @drawn(draws)
    @given(life=lives)
    def holds(life: list[Act]) -> None:
        world.begin()
        for act in life:
            act.does(world)
            world.is_quiet()

    holds()


def test_a_life_without_trouble_sees_what_the_law_is_about(world: World) -> None:
    """Else the law would hold of a world in which nothing happens."""
    world.begin()
    seen = []
    for is_bad in (False, True):
        world.commit("code")
        world.publishing(is_bad=is_bad)
        world.apply()
        for _ in range(3):
            world.is_quiet()
            seen.append(world.state)
            world.minutes(9)
            world.run(*TICK)
    assert [state.traffic for state in seen] == [
        ("1", {"2": 0.2}), ("1", {"2": 0.5}), ("2", {}), ("2", {"3": 0.2}), ("2", {}), ("2", {}),
    ]  # fmt: skip
    assert world.rejected == {"3"}
