"""Any order of ticks, wishes, kills and hands of others, over a small model of an alias: what holds always.

The model is AWS as far as it matters: one alias, changed by one call or not at all, by whoever has its newest revision. A kill is a call that
was decided and never made, or one that was made and of which nobody heard: either way the next one reads the alias.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.rollouts import Rollout
from reconciler.rollout.decide import Decision, Wish, asked, begun, decide
from reconciler.rollout.evidence import Alarm, Evidence, verdict
from reconciler.rollout.marker import joined, split
from reconciler.rollout.standing import Alias, bake, is_foreign, is_moved, is_moved_by_aws
from tests.rollout.standing_by import GREEN, NOON, minutes, rollout, seen

ROLLOUTS = (
    rollout(),
    rollout(unsure="go"),
    rollout(unsure="back", watch="1h"),
    rollout(steps=["approve", {"weight": 0.1, "bake": "5m"}]),
    rollout(steps="LambdaLinear10PercentEvery1Minute"),
    rollout(steps="all-at-once"),
    rollout(on_failure="hold", deadline="2h"),
    rollout(unsure="go", deadline="1h", analysis={"alarms": ["red"]}),
)
WEIGHTS = {step.weight for rule in ROLLOUTS for step in rule.steps}
FOREIGN: tuple[dict[str, Any], ...] = (
    {"weights": {}},
    {"weights": {"8": 0.9}},
    {"weights": {"3": 0.2}},
    {"version": "8", "weights": {}},
    {"version": "3"},
    {"marker": None},
    {"provisioned": "READY"},
    {"provisioned": ""},
)
shown = st.sampled_from(["good", "few", "errors", "red", "gone", "down"])
moves = st.one_of(
    st.tuples(st.just("tick"), shown, st.sampled_from(["done", "killed before", "stale"])),
    st.tuples(st.just("wish"), st.sampled_from(get_args(Wish)), st.sampled_from(["", "is_full", "is_reset"])),
    st.tuples(st.just("hand"), st.sampled_from(range(len(FOREIGN)))),
    st.tuples(st.just("release"), st.just("")),
    st.tuples(st.just("edit"), st.sampled_from(range(len(ROLLOUTS)))),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 5, 31, 200, 400])),
    st.tuples(st.just("aws"), st.sampled_from(["READY", "READY", "FAILED"])),
)


@dataclass
class World:
    """`failed` are the candidates of whose evidence a tick saw that it failed, and that nobody asked for again since."""

    rule: Rollout
    now: datetime = NOON
    alias: Alias = field(default_factory=lambda: Alias("7"))
    newest: int = 8
    failed: set[str] = field(default_factory=set)

    def carried_out(self, decision: Decision) -> None:
        """As AWS keeps it: of the marker what stands in the Description."""
        if decision.after is None:
            return
        marker = split(joined("orders", decision.after.marker))[1]
        before, self.alias = self.alias, replace(decision.after, marker=marker)
        self.is_whole(before, decision)
        if before.provisioned and before.version != self.alias.version:
            self.alias = replace(self.alias, weights={before.version: 1.0}, provisioned="IN_PROGRESS")

    def provides(self, status: str) -> None:
        """What was to follow the alias has, or cannot; where nothing is provisioned a weight stays."""
        if self.alias.provisioned == "IN_PROGRESS":
            kept = self.alias.weights if status == "FAILED" else {}
            self.alias = replace(self.alias, weights=kept, provisioned=status)

    def is_whole(self, before: Alias, decision: Decision) -> None:
        """A call of ours leaves the alias as its marker says: in a step, promoted or back; except for one that only writes down how
        somebody else left it."""
        alias, marker = self.alias, self.alias.marker
        if decision.did in ("hold", "pause", "forget"):
            assert (alias.version, alias.weights) == (before.version, before.weights)
            return
        assert not is_foreign(alias)
        assert not is_moved(alias)
        assert set(alias.weights.values()) - {1.0} <= WEIGHTS
        assert len(alias.weights) <= 1
        if marker and marker.state == "step":
            assert marker.begun
            assert marker.begun <= marker.since <= self.now

    def no_traffic_fails(self) -> None:
        """But what AWS itself leaves where it was, until what is provisioned has followed."""
        reached = set() if is_moved_by_aws(self.alias) else {self.alias.version, *self.alias.weights}
        assert not reached & self.failed, f"{reached} after {self.failed}"


def evidence(world: World, what: str) -> Evidence:
    many, problem = 3 if what == "few" else 900, "CloudWatch is down" if what == "down" else ""
    alarms = {"red": {"red": Alarm("ALARM", world.now)}, "gone": {}}.get(what, GREEN)
    return seen(
        world.alias, world.now, invocations=many, errors=500 if what == "errors" else 0, alarms=alarms, problem=problem
    )


def tick(world: World, what: str, ends: str) -> None:
    alias, found = world.alias, evidence(world, what)
    decision = decide(world.rule, alias, found, world.now)
    if ends == "killed before":
        return
    if ends == "stale":  # somebody else ticked meanwhile: the revision that this one read is no more, so it looks again
        world.carried_out(decision)
        found = evidence(world, what)
        again = decide(world.rule, world.alias, found, world.now)
        assert again.did not in ("step", "promote", "start"), "two ticks at once never step twice"
        decision = again
        alias = world.alias
    is_ours = alias.marker is not None and alias.marker.is_open and not is_foreign(alias) and not is_moved(alias)
    if is_ours and alias.marker and verdict(world.rule, alias.marker, found).outcome == "fail":
        is_back = world.rule.on_failure == "back"
        assert decision.did == "back" if is_back else decision.did in ("back", "pause", "none")
        world.failed |= {alias.marker.candidate} if is_back else set()
    if decision.did in ("step", "promote", "done") and alias.marker:
        assert world.now >= alias.marker.since + bake(world.rule, alias.marker)
    world.carried_out(decision)


def wish(world: World, word: Wish, how: str) -> None:
    flags: dict[str, Any] = {how: True} if how else {}
    decision = asked(word, world.rule, world.alias, world.now, because="somebody said so", **flags)
    if word == "retry" and decision.after and world.alias.marker:
        world.failed.discard(world.alias.marker.candidate)
    world.carried_out(decision)


def hand(world: World, index: int) -> None:
    """What somebody does in the console is theirs: a version that they put there has traffic by their will."""
    world.alias = replace(world.alias, **FOREIGN[index])
    world.failed -= {world.alias.version, *world.alias.weights}


def release(world: World) -> None:
    """An apply of a newer version; it begins nothing where somebody else has a hand in it, nor what was rejected."""
    world.newest += 1
    if not is_foreign(world.alias) and not is_moved(world.alias):
        world.carried_out(begun(world.rule, world.alias, str(world.newest), world.now))


@given(st.sampled_from(ROLLOUTS), st.lists(moves, max_size=40))
def test_traffic_never_reaches_what_failed_and_an_alias_never_ends_between_states(
    rule: Rollout, story: list[tuple[Any, ...]]
) -> None:
    world = World(rule)
    release(world)
    for move, *how in story:
        match move:
            case "tick":
                tick(world, *how)
            case "wish":
                wish(world, how[0], how[1])
            case "hand":
                hand(world, how[0])
            case "release":
                release(world)
            case "edit":
                world.rule = ROLLOUTS[how[0]]
            case "aws":
                world.provides(how[0])
            case "wait":
                world.now += minutes(how[0])
        world.no_traffic_fails()


@given(st.sampled_from(ROLLOUTS))
def test_a_good_candidate_gets_all_traffic_in_so_many_ticks_as_there_are_steps(rule: Rollout) -> None:
    world = World(rule)
    release(world)
    calls = 0
    while world.alias.marker:
        world.now += minutes(60)
        before = world.alias
        tick(world, "good", "done")
        if world.alias == before:
            wish(world, "promote", "")
        calls += 1
        assert world.alias != before
    assert (world.alias, calls) == (Alias("9"), len(rule.steps) + 1)
