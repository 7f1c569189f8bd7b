"""Functions with aliases that move in steps, their callers, git, and others; and what must hold of every call of ours and after every command.

What the evidence is, is added up here of what was called; nothing of `reconciler.rollout` but the marker's form is believed.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from reconciler.rollout.marker import Marker, joined, split
from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.cloudwatch.calls import Called, Outcome, note_calls
from reconciler.sandbox.cloudwatch.metrics import Metrics
from reconciler.sandbox.lambda_ import invoke
from reconciler.sandbox.lambda_.runner import HandlerResult
from reconciler.sandbox.refusals import Reset
from tests.commands.rollout.scenes import Clock
from tests.conftest import ACCOUNT, CONFIG, REGION, House, function_spec

A_MINUTE, LEAST, MOST_FAILING, FAILING = 100, 50, 0.02, 0.2
KEYS = [f"v{number}.zip" for number in range(1, 9)]
STEPS = (
    "[{weight: 0.2, bake: 5m}, {weight: 0.5, bake: 5m}]",
    "[{weight: 0.1, bake: 3m}, approve, {weight: 0.6, bake: 8m}]",
    "[{weight: 0.3, bake: 4m}]",
    "all-at-once",
)
TICK = ("rollout", "advance")
ALARM = "checkout-5xx"
DOES_NOT_START = "FUNCTION_ERROR_INIT_FAILURE"
KNOWN_CODES = {0, 20, 21, 23, 24, 25, 26, 27}
Place = tuple[str, str]
LIVE: Place = ("checkout", "live")
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


@dataclass(frozen=True)
class Options:
    """What git says of all rollouts."""

    steps: int = 0
    watch: str = "5m"
    unsure: str = "hold"
    on_failure: str = "back"
    deadline: str = ""
    is_measured: bool = True
    has_alarm: bool = False
    has_smoke: bool = False

    def __repr__(self) -> str:
        return f"{self.text} {'measured' if self.is_measured else ''} {'alarm' if self.has_alarm else ''}"

    @property
    def written(self) -> list[Any]:
        said = yaml.safe_load(STEPS[self.steps])
        return said if isinstance(said, list) else []

    @property
    def text(self) -> str:
        analysis = [
            *(["errors: {max: 2%, least: 50}"] if self.is_measured else []),
            *([f"alarms: [{ALARM}]"] if self.has_alarm else []),
        ]
        smoke = "smoke: [{event: order.json, expect: {/statusCode: 200}}], " if self.has_smoke else ""
        spans = "".join(
            f"{name}: {span}, " for name, span in (("watch", self.watch), ("deadline", self.deadline)) if span
        )
        return (
            f"{{steps: {STEPS[self.steps]}, {spans}{smoke}unsure: {self.unsure}, on_failure: {self.on_failure}, "
            f"analysis: {{{', '.join(analysis)}}}}}"
        )


@dataclass(frozen=True)
class State:
    """An alias as AWS has it. `kept_on` is the version on which AWS itself keeps the traffic, while another one starts."""

    version: str
    weights: Mapping[str, float]
    marker: Marker | None
    kept_on: str = ""

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
        return {self.kept_on} if self.kept_on else {self.version, *self.weights}

    def share(self, version: str) -> float:
        if self.kept_on:
            return float(version == self.kept_on)
        return self.weights.get(version, 1 - sum(self.weights.values()) if version == self.version else 0.0)


def routing(weights: Mapping[str, float]) -> dict[str, Any]:
    return {"RoutingConfig": {"AdditionalVersionWeights": weights}}


def state_of(alias: Mapping[str, Any], *, is_warm: bool = False) -> State:
    """Of AWS's answer, or of a request for UpdateAlias, which must say all three."""
    weights = dict((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {}))
    kept_on = next((version for version, share in weights.items() if share == 1), "") if is_warm else ""
    marker = split(alias["Description"])[1]
    return State(alias["FunctionVersion"], {} if kept_on else weights, marker, kept_on)


@dataclass
class World:
    """`bad` are the versions that fail their callers, `unfit` those that answer their smoke events wrong, `made_of` what each version holds;
    `pins` are the versions that git says, where that is not the newest; `out` are the functions and aliases that git leaves out."""

    house: House
    clock: Clock
    places: tuple[Place, ...] = (LIVE,)
    is_warm: bool = False
    options: Options = field(default_factory=Options)
    keys: dict[str, int] = field(default_factory=dict)
    text: str = "takes orders"
    has_rollout: bool = True
    is_applied: bool = False
    bad: set[tuple[str, str]] = field(default_factory=set)
    unfit: set[tuple[str, str]] = field(default_factory=set)
    made_of: dict[tuple[str, str], str] = field(default_factory=dict)
    pins: dict[Place, str] = field(default_factory=dict)
    out: set[str | Place] = field(default_factory=set)
    alarm: tuple[str, datetime] | None = None
    calls: Counter[tuple[datetime, Place, str]] = field(default_factory=Counter)
    words: tuple[str, ...] = ()
    goes: str = "nothing"
    wrong: list[AssertionError] = field(default_factory=list)

    def begin(self, places: tuple[Place, ...] = (LIVE,), *, is_warm: bool = False, options: Options | None = None) -> None:  # fmt: skip
        self.region.functions.clear()
        self.region.metrics = Metrics()
        self.places, self.is_warm, self.options = places, is_warm, options or Options()
        self.keys, self.text, self.has_rollout = {function: 0 for function, _ in places}, "takes orders", True
        self.bad, self.unfit, self.made_of, self.calls = set(), set(), {}, Counter()
        self.pins, self.out, self.alarm, self.wrong = {}, set(), None, []
        self.put_alarm("OK")
        shutil.rmtree(self.house.root / "reports", ignore_errors=True)
        for path in (self.house.root / "specs").glob("*.yaml"):
            path.unlink()
        self.house.write("reconcile.yaml", CONFIG, stock=False)
        self.write()
        assert self.house.run("apply", "--yes").exit_code == 0
        self.is_applied = True

    # --- what is there ----------------------------------------------------------------------------------------------

    @property
    def region(self) -> Any:
        return self.house.sandbox.gate.region(ACCOUNT, REGION)[0]

    @property
    def there(self) -> list[Place]:
        """The aliases that are there."""
        return [place for place in self.places if place[1] in self._aliases(place[0])]

    def _aliases(self, function: str) -> Mapping[str, Any]:
        held = self.region.functions.get(function)
        return held.aliases if held else {}

    def alias(self, place: Place) -> dict[str, Any]:
        held = self._aliases(place[0])[place[1]]
        return {"FunctionVersion": held.version, "Description": held.description, **routing(dict(held.weights))}

    def state(self, place: Place = LIVE) -> State:
        return state_of(self.alias(place), is_warm=self.warm(place))

    def warm(self, place: Place) -> bool:
        return place[1] in self.region.functions[place[0]].provisioned

    @property
    def states(self) -> dict[Place, State]:
        return {place: self.state(place) for place in self.there}

    def versions(self, function: str) -> list[str]:
        return sorted(self.region.functions[function].versions, key=int)

    def following(self, function: str) -> str:
        """The number of the version that is published next."""
        held = self.region.functions.get(function)
        return str(held.last_version + 1 if held else 1)

    # --- git --------------------------------------------------------------------------------------------------------

    def write(self) -> None:
        for function, key in self.keys.items():
            spec = f"function: {function}\naccount: test\nregion: us-west-2\nstate: absent\n"
            if function not in self.out:
                spec = function_spec(function, KEYS[key], self._said(function))
            self.house.write(f"{function}.yaml", spec, stock=False)

    def _said(self, function: str) -> str:
        rollout = f"    rollout: {self.options.text}\n" if self.has_rollout else ""
        places = [place for place in self.places if place[0] == function and place not in self.out]
        aliases = "".join(
            f'  {name}:\n    FunctionVersion: "{self.pins.get((function, name), "published")}"\n'
            f"    Description: {self.text}\n{rollout}"
            for _, name in places
        )
        is_kept = self.is_warm and LIVE in places
        kept = "provisioned_concurrency: {live: {ProvisionedConcurrentExecutions: 1}}\n" if is_kept else ""
        return "publish: true\naliases:" + (f"\n{aliases}" if aliases else " {}\n") + kept

    def commit(self, what: str, function: str = "checkout") -> None:
        """Steps, and what else rollouts are judged by, are no change of what an alias is to be."""
        self.is_applied = False
        self.keys[function] = max(self.keys[function] - 1, 0) if what == "a revert" else (self.keys[function] + 1) % len(KEYS)  # fmt: skip
        self.text = "takes many orders" if what == "code and text" else self.text
        self.write()

    def say(self, options: Options) -> None:
        self.options = options
        self.write()

    def pin(self, what: str, place: Place) -> None:
        self.is_applied = False
        self.pins.pop(place, None)
        if what != "published" and place in self.there:
            state = self.state(place)
            stable = state.marker.from_ if state.marker and state.marker.from_ else state.version
            self.pins[place] = stable if what == "stable" else self.versions(place[0])[0]
        self.write()

    def leave(self, what: str, place: Place) -> None:
        """The rollout, the alias or the function goes out of git, or comes back."""
        self.is_applied = False
        if what == "rollout":
            self.has_rollout = not self.has_rollout
        else:
            self.out ^= {place if what == "alias" else place[0]}
        self.write()

    def publishing(self, function: str, *, is_bad: bool, is_unfit: bool) -> None:
        """What becomes of the version that is published next."""
        following = (function, self.following(function))
        self.bad = self.bad - {following} | ({following} if is_bad else set())
        self.unfit = self.unfit - {following} | ({following} if is_unfit else set())

    # --- callers, alarms, others ------------------------------------------------------------------------------------

    def minutes(self, count: int) -> None:
        """Callers come, and versions that are bad fail a fifth of them."""
        for _ in range(count):
            for place, state in self.states.items():
                for version in sorted(state.serves):
                    called = round(A_MINUTE * state.share(version))
                    if called:
                        self.calls[self.clock.now.replace(second=0), place, version] += called
                        at = Called(*place, version, is_alias=True)
                        failing = int(called * FAILING) if (place[0], version) in self.bad else 0
                        note_calls(self.region.metrics, at, self.clock(), Outcome(Counter({90.0: called}), failing))
            self.clock.go_on(1)

    def put_alarm(self, what: str) -> None:
        watch = self.house.sandbox.clients.get("cloudwatch", ACCOUNT, REGION)
        if what == "gone":
            watch.delete_alarms(AlarmNames=[ALARM] if self.alarm else [])
            self.alarm = None
            return
        if self.alarm is None:
            watch.put_metric_alarm(
                AlarmName=ALARM, Namespace="shop", MetricName="5xx", Statistic="Sum", Period=60, EvaluationPeriods=1,
                Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
            )  # fmt: skip
        watch.set_alarm_state(AlarmName=ALARM, StateValue=what, StateReason="a test")
        if self.alarm is None or self.alarm[0] != what:
            self.alarm = what, self.clock.now

    def others(self, what: str, place: Place) -> None:
        """In the console, or with another tool."""
        if place not in self.there:
            return
        state, (function, name) = self.state(place), place
        third = next((version for version in self.versions(function) if version not in state.serves), None)
        changes: dict[str, dict[str, Any]] = {
            "weights off": routing({}),
            "more for the candidate": routing(dict.fromkeys(state.weights, 0.9)),
            "a third version": routing({third: 0.3}) if third else {},
            "promoted": {"FunctionVersion": next(iter(state.weights), state.version), **routing({})},
            "a text": {"Description": joined("by hand", state.marker)},
            "no marker": {"Description": "by hand"},
        }
        self.is_applied = False
        with suppress(ClientError):  # what AWS refuses to them does not happen
            match what:
                case "no alias":
                    self.house.lambda_.delete_alias(FunctionName=function, Name=name)
                case "no candidate":
                    self.house.lambda_.delete_function(FunctionName=function, Qualifier=self.versions(function)[-1])
                case "nothing provisioned":
                    self.house.lambda_.delete_provisioned_concurrency_config(FunctionName=function, Qualifier=name)
                case _:
                    self.house.lambda_.update_alias(FunctionName=function, Name=name, **changes[what])

    # --- what is ours -----------------------------------------------------------------------------------------------

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

    def run(self, *words: str, goes: str = "nothing", nth: int = 1, cut_after: int = 0) -> int:
        """A command, and what must hold of all that it sent, and of what it left. `cut_after`: no request after that many arrives, which
        is all that AWS sees of a kill."""
        before, failing = self.states, {place: self.fails(place) for place in self.there}
        gate, came = self.house.sandbox.gate, Counter[str]()
        self.words, self.goes = words, goes

        def watch(operation: str, params: Mapping[str, Any]) -> None:
            came["requests"] += 1
            came[operation] += 1
            if cut_after and came["requests"] > cut_after:
                raise Reset
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
        for error in self.wrong:
            raise error
        is_wish = words[0] in ("rollout", "rollback") and words != TICK
        assert result.exit_code in (KNOWN_CODES | {2} if is_wish else KNOWN_CODES), (words, result)
        is_undisturbed = goes == "nothing" and not cut_after and result.exit_code in (0, 27)
        self._leaves(before)
        if words == TICK and is_undisturbed:
            self._judged(before, failing)
        return result.exit_code

    def _meanwhile(self, goes: str, place: Place) -> None:
        """Right before the first call of ours."""
        watch, self.house.sandbox.gate.watch = self.house.sandbox.gate.watch, lambda *_: None
        if goes == "another tick":
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

    def _passed(self, place: Place, was: State, state: State, where: Any) -> None:
        """What does not pass its smoke events has no traffic but as what was there before."""
        stable = {was.version, *([was.marker.from_] if was.marker else [])}
        known = {self.made_of.get((place[0], version)) for version in stable}
        for version in state.serves - was.serves if self.options.has_smoke else ():
            is_as_before = self.made_of.get((place[0], version)) in known or version in stable
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
        is_seen = not options.is_measured or self.called(place)[0] >= LEAST
        is_told = not options.has_alarm or self.alarm is not None
        is_blind = self.goes == "CloudWatch is down" and (options.is_measured or options.has_alarm)
        assert (is_seen and is_told and not is_blind) or options.unsure == "go", where

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
                assert after.marker.flag == "paused", (place, after)

    # --- what is known of the evidence ------------------------------------------------------------------------------

    def called(self, place: Place) -> tuple[int, int]:
        """Of a candidate: how often it was called in whole minutes since it has its share, and how many of these failed. While it is watched
        all that the alias did counts for it."""
        marker = self.state(place).marker
        assert marker
        start = marker.since.replace(second=0) + timedelta(minutes=1)
        end = (self.clock.now - timedelta(minutes=1)).replace(second=0)
        many = failed = 0
        for (at, where, version), count in self.calls.items():
            if where == place and start <= at < end and (version == marker.candidate or marker.state == "watch"):
                many += count
                failed += int(count * FAILING) if (place[0], version) in self.bad else 0
        return many, failed

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
        many, failed = self.called(place)
        is_bad = self.options.is_measured and many >= LEAST and failed / many > MOST_FAILING
        return "errors" if is_bad else ""

    def is_quiet(self) -> None:
        """Once applied, a plan finds nothing to do, whatever ticks and people did since."""
        for function in self.keys:
            held = self.region.functions.get(function)
            for version, record in held.versions.items() if held else ():
                self.made_of[function, version] = record.code.sha256
        if self.is_applied:
            assert self.house.verbs() == {}, self.states

    def answered(self, invocation: invoke.Invocation) -> tuple[HandlerResult, dict[str, str]]:
        """To a smoke event."""
        self.made_of[invocation.function_name, invocation.version] = invocation.code.sha256
        is_unfit = (invocation.function_name, invocation.version) in self.unfit
        return HandlerResult(b'{"statusCode": 500}' if is_unfit else b'{"statusCode": 200}', "", ""), {}


def opened_world(house: House, clock: Clock, patch: pytest.MonkeyPatch) -> World:
    house.write("reconcile.yaml", CONFIG, stock=False)
    for key in KEYS:
        house.write("checkout.yaml", function_spec("checkout", key))
    (house.root / "specs" / "order.json").write_text("{}")
    patch.setattr("time.sleep", lambda _: None)
    made = World(house, clock)
    patch.setattr(invoke, "run", made.answered)
    return made
