"""Commands about the rollouts of a shop, and what must hold of every call of theirs and after each.

What the evidence is, is added up here of what was called; nothing of `reconciler.rollout` but the marker's form is believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.lambda_ import invoke
from reconciler.sandbox.lambda_.runner import HandlerResult
from reconciler.sandbox.refusals import Reset
from tests.commands.rollout.scenes import Clock
from tests.conftest import CONFIG, House, function_spec
from tests.rollout.shop import FAILING, KEYS, LIVE, QUICK, SLOW, Place, Shop, State, state_of

LEAST, MOST_FAILING, MOST_MILLISECONDS, MOST_THROTTLED = 50, 0.02, 500, 10
HOUR = timedelta(hours=1)
TICK = ("rollout", "advance")
BREAKING = ("--break-freeze", "winter", "--because", "no")
DOES_NOT_START = "FUNCTION_ERROR_INIT_FAILURE"
KNOWN_CODES = {0, 20, 21, 23, 24, 25, 26, 27}
GOING_WRONG: Mapping[str, Callable[[int], list[Fault]]] = {
    "nothing": lambda _: [],
    "an answer is lost": lambda nth: [Fault("*", nth=nth, reset=True, when="after")],
    "CloudWatch is down": lambda _: [Fault("GetMetricData", status=503), Fault("DescribeAlarms", status=503)],
    "the alias's answer is lost": lambda _: [Fault("UpdateAlias", nth=1, reset=True, when="after")],
    "a request is not carried out": lambda nth: [Fault("*", nth=nth, status=500)],
    "what is provisioned does not start": lambda _: [Fault("UpdateAlias", nth=1, fails=DOES_NOT_START)],
    "another tick": lambda _: [],
    "somebody writes the alias": lambda _: [],
}  # fmt: skip


FITTING: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "step": (("promote",), ("pause",), ("abort", "--because", "no"), ("promote", "--full"), ("rollback",)),
    "watch": (("abort", "--because", "no"), ("pause",), ("rollback",)),
    "paused": (("resume",), ("promote",), ("abort", "--because", "no")),
    "held": (("promote",), ("resume",)),
    "rejected": (("retry",), ("retry",), ("rollback",)),
}


@dataclass
class World(Shop):
    """`words` are those of the command that runs, `goes` what goes wrong with it, `asked` its requests, `wrong` what did not hold of them."""

    words: tuple[str, ...] = ()
    goes: str = "nothing"
    wrong: list[AssertionError] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def apply(self, **trouble: Any) -> None:
        self.is_applied = self.run("apply", "--yes", **trouble) == 0

    def tick(self, **trouble: Any) -> None:
        self.run(*TICK, **trouble)

    def fitting(self, which: int, place: Place) -> None:
        """One of what a person may want of an alias as it stands."""
        marker = self.state(place).marker if place in self.there else None
        if marker is not None:
            wishes = FITTING[marker.flag or marker.state]
            self.wish(wishes[which % len(wishes)], place)

    def wish(self, wish: tuple[str, ...], place: Place) -> None:
        """What a person wants; of a pinned alias nobody rolls back, for git would say another thing."""
        if wish[0] == "rollback":
            if place not in self.pins:
                code = self.run("rollback", f"{place[0]}/{place[1]}", "--yes")
                self.is_applied = self.is_applied and code == 0 and self.has_rollout
            return
        self.run("rollout", wish[0], f"{place[0]}/{place[1]}", *wish[1:])

    def run(self, *words: str, goes: str = "nothing", nth: int = 1, cut_after: int = 0, act: str = "") -> int:
        """A command, and what must hold of all that it sent, and of what it left. `cut_after`: no request after that many arrives, which
        is all that AWS sees of a kill. `act` is what others do right before the `nth` request."""
        before, failing = self.states, {place: self.fails(place) for place in self.there}
        gate, came = self.house.sandbox.gate, Counter[str]()
        self.words, self.goes, self.asked = words, goes, []

        def watch(operation: str, params: Mapping[str, Any]) -> None:
            came["requests"] += 1
            came[operation] += 1
            self.asked.append(operation)
            if cut_after and came["requests"] > cut_after:
                raise Reset
            if act and came["requests"] == nth:
                gate.watch = lambda *_: None
                self.others(act, LIVE)
                gate.watch = watch
            if operation == "UpdateAlias":
                try:  # what is raised here would be the sandbox's answer
                    if came[operation] == 1:
                        self._meanwhile(goes, (params["FunctionName"], params["Name"]))
                    self._sent(params)
                except AssertionError as error:
                    self.wrong.append(error)

        gate.watch, gate.script = watch, Script(GOING_WRONG[goes](nth))
        result = self.house.run(*words)
        gate.watch, gate.script = (lambda *_: None), Script([])
        wrong, self.wrong = self.wrong, []
        for error in wrong:
            raise error
        is_wish = words[0] in ("rollout", "rollback") and words != TICK
        assert result.exit_code in (KNOWN_CODES | {2} if is_wish else KNOWN_CODES), (words, result)
        is_undisturbed = goes == "nothing" and not cut_after and not act and result.exit_code in (0, 27)
        if not act:
            self._leaves(before)
        if words == TICK and is_undisturbed:
            self._judged(before, failing)
        return result.exit_code

    def _meanwhile(self, goes: str, place: Place) -> None:
        """Right before the first call of ours. Where several functions are carried out side by side, nobody could tell whose calls are whose."""
        watch, self.house.sandbox.gate.watch = self.house.sandbox.gate.watch, lambda *_: None
        if goes == "another tick" and len(self.keys) == 1:
            words = self.words
            self.run(*TICK)
            self.words, self.goes = words, goes
        elif goes == "somebody writes the alias" and place in self.there:
            self.others("a text", place)
        self.house.sandbox.gate.watch = watch

    def _sent(self, params: Mapping[str, Any]) -> None:
        """An UpdateAlias of ours is for a revision that was seen. It says all of a state where it moves traffic."""
        place = (params["FunctionName"], params["Name"])
        held = self._aliases(place[0]).get(place[1])
        assert "RevisionId" in params, params
        if held is None or params["RevisionId"] != held.revision:
            return  # it will be refused
        was = self.state(place)
        state = state_of({**self.alias(place), **params})
        where = (self.words, place, was, state, self.options)
        assert not self.is_frozen or self._goes_nowhere(state), where
        if state.traffic == was.traffic and not was.kept_on:
            return
        assert state.is_whole, where
        assert {"FunctionVersion", "RoutingConfig"} <= params.keys(), where
        assert "Description" in params or was.marker is None, where
        is_of_git = self.words[0] == "apply" and (not self.has_rollout or place in self.pins)
        if self.words == TICK:
            self._goes_on(place, was, state, where)
        elif self.words[0] == "apply" and not is_of_git:
            assert not (was.marker and was.marker.state == "rejected" and was.marker.candidate in state.serves), where
            assert state.share(self.failing(place)) <= was.share(self.failing(place)), where
        if (self.words[0] == "apply" and not is_of_git) or self.words[:2] == ("rollout", "retry"):
            self._passed(place, was, state, where)

    def _goes_nowhere(self, state: State) -> bool:
        """What may happen in a freeze: a person goes back, pauses or breaks it, and a tick goes back."""
        is_of_a_person = self.words[0] == "rollback" or self.words[1] in ("abort", "pause") or BREAKING[0] in self.words
        is_back = self.words == TICK and state.marker is not None and not state.marker.is_open
        return is_of_a_person or is_back

    def _passed(self, place: Place, was: State, state: State, where: Any) -> None:
        """What does not pass its smoke events has no traffic but as what was there before."""
        stable = {was.version, *([was.marker.from_] if was.marker else [])}
        held = self.region.functions[place[0]].versions
        known = {held[version].code.sha256 for version in stable if version in held}
        for version in state.serves - was.serves if self.options.has_smoke else ():
            is_as_before = held[version].code.sha256 in known
            assert is_as_before or (place[0], version) not in self.unfit, where

    def _goes_on(self, place: Place, was: State, state: State, where: Any) -> None:
        """A tick gives a candidate more only if its time is over, nothing speaks against it, and something was seen; and one step at a time."""
        marker = was.marker
        assert marker, where
        assert marker.is_open, where
        growth = state.share(marker.candidate) - was.share(marker.candidate)
        assert was.is_whole or growth <= 0, where
        if growth <= 0:
            return
        options = self.options
        assert marker.flag != "paused", where
        assert self.fails(place) == "", where
        steps = options.written
        here = steps[marker.step - 1] if marker.step <= len(steps) else None
        if isinstance(here, dict) and here["weight"] == marker.weight:
            assert self.clock.now >= marker.since + timedelta(minutes=int(here["bake"][:-1])), where
        assert here != "approve" or self._weight_before(marker.step) != marker.weight, where
        greater = [step["weight"] for step in steps if isinstance(step, dict) and step["weight"] > marker.weight]
        assert state.share(marker.candidate) <= min(greater, default=1.0), where
        is_compared = options.is_measured or options.is_timed
        is_seen = not is_compared or self.called(place)[0] >= LEAST
        is_told = not options.has_alarm or self.alarm is not None
        is_blind = self.goes == "CloudWatch is down" and (is_compared or options.is_counted or options.has_alarm)
        assert not is_blind, where
        assert (is_seen and is_told) or options.unsure == "go", where

    def _weight_before(self, number: int) -> float:
        weights = [step["weight"] for step in self.options.written[: number - 1] if isinstance(step, dict)]
        return max(weights, default=0.0)

    def _leaves(self, before: Mapping[Place, State]) -> None:
        """Nothing is left between two states; what others moved is not moved again, but back."""
        for place, after in self.states.items():
            was = before.get(place)
            assert after.is_whole or (was and after.traffic == was.traffic) or self.goes == "another tick", (self.words, place, was, after)  # fmt: skip
            if self.words == TICK and was and not was.is_whole and self.goes == "nothing":
                is_back = after.marker is not None and not after.marker.is_open
                assert after.traffic == was.traffic or is_back, (was, after)

    def _judged(self, before: Mapping[Place, State], failing: Mapping[Place, str]) -> None:
        """After a tick that nothing disturbed, what failed has nothing any more; or no more than it had, where people are to decide."""
        for place in self.there if self.has_rollout else ():
            after, was = self.state(place), before[place]
            if place in self.out or place[0] in self.out:
                continue
            stuck = was.marker is not None and was.marker.state == "watch" and bool(was.kept_on)
            candidate = was.marker.candidate if was.marker and (failing[place] or stuck) else ""
            if candidate and (self.options.on_failure == "back" or stuck):
                assert candidate not in after.serves, (place, was, after, self.options)
                assert after.version != candidate, (place, was, after)
            elif candidate:
                assert after.share(candidate) <= was.share(candidate), (place, was, after)
                assert after.marker, (place, after)
                assert after.marker.flag == "paused" or self.is_frozen, (place, after)

    # --- what is known of the evidence ------------------------------------------------------------------------------

    def window(self, place: Place) -> tuple[datetime, datetime]:
        """The whole minutes since a candidate has its share."""
        marker = self.state(place).marker
        assert marker
        start = marker.since.replace(second=0) + timedelta(minutes=1)
        return start, max(start, (self.clock.now - timedelta(minutes=1)).replace(second=0))

    def called(self, place: Place) -> tuple[int, int, float]:
        """Of a candidate: how often it was called meanwhile, how many of these failed, and how long they took in the mean. While it is watched
        all that the alias did counts for it."""
        marker, (start, end) = self.state(place).marker, self.window(place)
        assert marker
        many = failed = 0
        took = 0.0
        for (at, where, version), count in self.calls.items():
            if where == place and start <= at < end and (version == marker.candidate or marker.state == "watch"):
                is_bad = (place[0], version) in self.bad
                many, failed = many + count, failed + int(count * FAILING * is_bad)
                took += count * (SLOW if is_bad else QUICK)
        return many, failed, took / many if many else 0.0

    def turned_away(self, place: Place) -> float:
        """How many more of its callers than in the hour before it all began."""
        marker, (start, end) = self.state(place).marker, self.window(place)
        assert marker
        assert marker.begun
        begun = marker.begun.replace(second=0)
        counts = [(at, count) for (at, where), count in self.throttled.items() if where == place]
        before = sum(count for at, count in counts if begun - HOUR <= at < begun)
        return sum(count for at, count in counts if start <= at < end) - before * max(1.0, (end - start) / HOUR)

    def failing(self, place: Place) -> str:
        """The candidate that something speaks against; empty where nothing does."""
        marker = self.state(place).marker
        return marker.candidate if marker and self.fails(place) else ""

    def fails(self, place: Place) -> str:
        """What speaks against a candidate now; of an alias that others moved nobody can tell."""
        state = self.state(place)
        marker = state.marker
        if marker is None or not marker.is_open or not state.is_whole or state.kept_on:
            return ""
        assert marker.begun
        if self.options.has_alarm and self.alarm and self.alarm[0] == "ALARM" and self.alarm[1] >= marker.begun:
            return "the alarm"
        many, failed, took = self.called(place)
        if self.options.is_measured and many >= LEAST and failed / many > MOST_FAILING:
            return "errors"
        if self.options.is_timed and many >= LEAST and took > MOST_MILLISECONDS:
            return "duration"
        return "throttles" if self.options.is_counted and self.turned_away(place) > MOST_THROTTLED else ""

    def is_quiet(self) -> None:
        """Once applied, a plan finds nothing to do, whatever ticks and people did since."""
        if self.is_applied:
            assert self.house.verbs() == {}, self.states

    def answered(self, invocation: invoke.Invocation) -> tuple[HandlerResult, dict[str, str]]:
        """To a smoke event."""
        is_unfit = (invocation.function_name, invocation.version) in self.unfit
        return HandlerResult(b'{"statusCode": 500}' if is_unfit else b'{"statusCode": 200}', "", ""), {}


def clocked(clock: Clock) -> type[datetime]:
    """This machine's clock as that of the sandbox."""

    class Now(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return clock.now.astimezone(tz)

    return Now


def opened_world(house: House, clock: Clock, patch: pytest.MonkeyPatch) -> World:
    house.write("reconcile.yaml", CONFIG, stock=False)
    for key in KEYS:
        house.write("checkout.yaml", function_spec("checkout", key))
    (house.root / "specs" / "order.json").write_text("{}")
    patch.setattr("time.sleep", lambda _: None)
    patch.setattr("reconciler.commands.freezing.datetime", clocked(clock))
    made = World(house, clock)
    patch.setattr(invoke, "run", made.answered)
    return made
