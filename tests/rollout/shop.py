"""Functions with aliases that move in steps on a sandbox, what git says of them, their callers, and others."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml
from botocore.exceptions import ClientError

from reconciler.rollout.marker import Marker, joined, split
from reconciler.sandbox.cloudwatch.calls import Called, Outcome, note_calls, note_throttles
from reconciler.sandbox.cloudwatch.metrics import Metrics
from tests.commands.rollout.scenes import Clock
from tests.conftest import ACCOUNT, CONFIG, REGION, House, function_spec

A_MINUTE, FAILING = 100, 0.2
QUICK, SLOW = 90.0, 900.0  # milliseconds
FROZEN = "freezes: [{name: winter, from: 2026-11-01T00:00, to: 2099-01-01T00:00, timezone: UTC}]\n"
KEYS = [f"v{number}.zip" for number in range(1, 9)]
STEPS = (
    "[{weight: 0.2, bake: 5m}, {weight: 0.5, bake: 5m}]",
    "[{weight: 0.1, bake: 3m}, approve, {weight: 0.6, bake: 8m}]",
    "[{weight: 0.3, bake: 4m}]",
    "all-at-once",
)
ALARM = "checkout-5xx"
Place = tuple[str, str]
LIVE: Place = ("checkout", "live")


@dataclass(frozen=True)
class Options:
    """What git says of all rollouts."""

    steps: int = 0
    watch: str = "5m"
    unsure: str = "hold"
    on_failure: str = "back"
    deadline: str = ""
    is_measured: bool = True
    is_timed: bool = False
    is_counted: bool = False
    has_alarm: bool = False
    has_smoke: bool = False

    def __repr__(self) -> str:
        return self.text

    @property
    def written(self) -> list[Any]:
        said = yaml.safe_load(STEPS[self.steps])
        return said if isinstance(said, list) else []

    @property
    def text(self) -> str:
        analysis = [
            *(["errors: {max: 2%, least: 50}"] if self.is_measured else []),
            *(["duration: {stat: Average, max: 500ms, least: 50}"] if self.is_timed else []),
            *(["throttles: {max: 10}"] if self.is_counted else []),
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
class Shop:
    """`bad` are the versions that fail their callers and keep them waiting, `unfit` those that answer their smoke events wrong;
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
    pins: dict[Place, str] = field(default_factory=dict)
    out: set[str | Place] = field(default_factory=set)
    alarm: tuple[str, datetime] | None = None
    calls: Counter[tuple[datetime, Place, str]] = field(default_factory=Counter)
    throttled: Counter[tuple[datetime, Place]] = field(default_factory=Counter)
    is_frozen: bool = False

    def begin(self, places: tuple[Place, ...] = (LIVE,), *, is_warm: bool = False, options: Options | None = None) -> None:  # fmt: skip
        self.region.functions.clear()
        self.region.metrics = Metrics()
        self.places, self.is_warm, self.options = places, is_warm, options or Options()
        self.keys, self.text, self.has_rollout = {function: 0 for function, _ in places}, "takes orders", True
        self.bad, self.unfit, self.calls, self.throttled = set(), set(), Counter(), Counter()
        self.pins, self.out, self.alarm = {}, set(), None
        self.put_alarm("OK")
        shutil.rmtree(self.house.root / "reports", ignore_errors=True)
        for path in (self.house.root / "specs").glob("*.yaml"):
            path.unlink()
        self.freeze(False)
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

    def freeze(self, is_frozen: bool) -> None:
        """Nothing goes on for as long as it holds."""
        self.is_frozen = is_frozen
        self.house.write("reconcile.yaml", CONFIG + (FROZEN if is_frozen else ""), stock=False)

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

    def minutes(self, count: int, callers: int = A_MINUTE) -> None:
        """So many callers come in each, and versions that are bad fail a fifth of them."""
        for _ in range(count):
            for place, state in self.states.items():
                for version in sorted(state.serves):
                    called = round(callers * state.share(version))
                    if called:
                        self.calls[self.clock.now.replace(second=0), place, version] += called
                        at = Called(*place, version, is_alias=True)
                        is_bad = (place[0], version) in self.bad
                        outcome = Outcome(Counter({SLOW if is_bad else QUICK: called}), int(called * FAILING * is_bad))
                        note_calls(self.region.metrics, at, self.clock(), outcome)
            self.clock.go_on(1)

    def throttle(self, place: Place, count: int) -> None:
        """So many callers of an alias are turned away in this minute."""
        self.throttled[self.clock.now.replace(second=0), place] += count
        note_throttles(self.region.metrics, Called(*place, "", is_alias=True), self.clock(), count)

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
