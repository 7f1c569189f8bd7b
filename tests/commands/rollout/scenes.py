"""A function whose alias is in the middle of a rollout, on a sandbox whose clock a test moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jsonschema import Draft202012Validator

from reconciler.report.rollout_schemas import ROLLOUTS
from reconciler.rollout.marker import Marker, joined, split
from reconciler.sandbox.cloudwatch.calls import Called, Outcome, note_calls, note_throttles
from tests.conftest import ACCOUNT, CONFIG, REGION, House, Result, function_spec

ADDRESS = "test/us-west-2/checkout/alias/live"
BEGUN = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ANALYSIS = "{errors: {max: 2%, least: 50}}"
ROLLOUT = """
  steps: [{weight: 0.05, bake: 10m}, {weight: 0.25, bake: 30m}, approve, {weight: 0.5, bake: 1h}]
  watch: 15m
"""
TEXT = "takes orders"
CONTENT = "the 2. one"  # of the function, and of its second version


class Clock:
    """AWS's, which goes only when it is told to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now.timestamp()

    def go_on(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


@dataclass
class Scene:
    """`rollout` is what the spec says of the alias's, as YAML."""

    house: House
    clock: Clock

    def spec(self, rollout: str = ROLLOUT, analysis: str = ANALYSIS, more: str = "", name: str = "checkout") -> None:
        rollout += f"  analysis: {analysis}\n" if analysis else ""
        rollout += f"  {more}\n" if more else ""
        lines = "".join(f"        {line}\n" for line in rollout.strip("\n").splitlines())
        extra = f"publish: true\naliases:\n  live:\n    FunctionVersion: published\n    Description: {TEXT}\n    rollout:\n{lines}"
        self.house.write(f"{name}.yaml", function_spec(name, extra=extra, configuration=f"Description: {CONTENT}"))

    def versions(self, name: str = "checkout", count: int = 2) -> None:
        """Of a function that lives; the alias is on the first."""
        self.lambda_.create_function(
            FunctionName=name, Runtime="python3.13", Handler="lambda_function.lambda_handler",
            Role="arn:aws:iam::123456789012:role/lambda", Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"},
        )  # fmt: skip
        for number in range(1, count + 1):
            self.lambda_.update_function_configuration(FunctionName=name, Description=f"the {number}. one")
            self.lambda_.publish_version(FunctionName=name)
        self.lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1", Description=TEXT)

    def put(
        self,
        marker: Marker | None,
        *,
        name: str = "checkout",
        weights: dict[str, float] | None = None,
        version: str = "",
    ) -> None:
        """The alias as a rollout leaves it, or with other weights, or on another version."""
        shares = dict(marker.weights) if weights is None and marker else weights or {}
        self.lambda_.update_alias(
            FunctionName=name, Name="live", FunctionVersion=version or (marker.version if marker else "") or "1",
            RoutingConfig={"AdditionalVersionWeights": shares}, Description=joined(TEXT, marker),
        )  # fmt: skip
        self.house.writes()

    def at_step(self, number: int = 1, weight: float = 0.05, **more: Any) -> None:
        self.put(Marker("2", "step", self.clock.now, self.clock.now, "1", number, 4, weight, **more))

    def calls(
        self,
        version: str,
        count: int,
        errors: int = 0,
        *,
        milliseconds: float = 100.0,
        name: str = "checkout",
        minutes_ago: int = 3,
    ) -> None:
        """What the alias's callers did so long ago."""
        at = (self.clock.now - timedelta(minutes=minutes_ago)).timestamp()
        called = Called(name, "live", version, is_alias=True)
        note_calls(self.region.metrics, called, at, Outcome(Counter({milliseconds: count}), errors))

    def throttle(self, count: int) -> None:
        at = (self.clock.now - timedelta(minutes=3)).timestamp()
        note_throttles(self.region.metrics, Called("checkout", "live", "", is_alias=True), at, count)

    def both(self, candidate: int = 100, errors: int = 0, stable: int = 1000) -> None:
        self.calls("2", candidate, errors)
        self.calls("1", stable)

    @property
    def lambda_(self) -> Any:
        return self.house.lambda_

    @property
    def region(self) -> Any:
        return self.house.sandbox.gate.region(ACCOUNT, REGION)[0]

    @property
    def watch(self) -> Any:
        return self.house.sandbox.clients.get("cloudwatch", ACCOUNT, REGION)

    def run(self, verb: str, *arguments: str) -> Result:
        return self.house.run("rollout", verb, *arguments)

    def told(self, verb: str = "advance", *arguments: str, code: int = 0) -> dict[str, Any]:
        """The one rollout of a command's document."""
        result = self.run(verb, *arguments, "--format", "json")
        assert result.exit_code == code, (result.exit_code, result.out, result.err)
        document = result.json()
        Draft202012Validator(ROLLOUTS).validate(document)
        (one,) = document["rollouts"]
        return dict(one)

    def alias(self, name: str = "checkout") -> tuple[str, dict[str, float], Marker | None]:
        """Version, weights and marker; its own description stays, whatever happens."""
        live = self.lambda_.get_alias(FunctionName=name, Name="live")
        text, marker = split(live["Description"])
        assert text == TEXT
        return live["FunctionVersion"], live.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}), marker

    def moves(self) -> int:
        """How often an alias was written, and nothing else, since this was asked last."""
        writes = self.house.writes()
        assert set(writes) <= {"UpdateAlias"}, writes
        return len(writes)


def frozen(scene: Scene) -> None:
    """From the day before the scene begins, a Wednesday, to Monday."""
    freezes = "freezes: [{name: weekend, weekly: tue 16:00 - mon 08:00, timezone: Europe/Berlin}]"
    scene.house.write("reconcile.yaml", f"{CONFIG}{freezes}\n", stock=False)
