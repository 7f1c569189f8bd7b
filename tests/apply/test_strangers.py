"""Somebody else's change between any two calls of an apply, alone and together with a lost answer.

Never exit 0 with anything live that was not in the plan, and the next runs converge. The whole space is walked with `--whole`;
without it a fixed sample, spread evenly: every act meets every write once, and once with an answer lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from reconciler.core.service import READING
from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.strangers import ACTS, ARN, MARK, OTHER_SIGNING, SIGNING, Kept, Stranger, zip_of
from tests.conftest import CONFIG, ROLE, House, function_spec, opened

OURS = CONFIG + "managedBy: shop\n"
QUEUE = "arn:aws:sqs:us-west-2:123456789012:orders"
FULL = f"""publish: true
tags: {{team: payments}}
aliases: {{live: {{FunctionVersion: published}}}}
event_source_mappings: {{orders: {{EventSourceArn: "{QUEUE}", alias: live, Tags: {{a: b}}}}}}
urls: {{live: {{AuthType: AWS_IAM, Cors: {{MaxAge: 5}}}}}}
concurrency: {{ReservedConcurrentExecutions: 5}}
event_invoke: {{live: {{MaximumRetryAttempts: 1}}}}
permissions:
  live: {{bucket: {{Action: "lambda:InvokeFunction", Principal: s3.amazonaws.com, SourceArn: "arn:aws:s3:::a"}}}}
  $LATEST: {{policy: {{Version: "2012-10-17", Statement: [{{Effect: Deny, Principal: "*", Action: "lambda:*", Resource: "*"}}]}}}}
provisioned_concurrency: {{live: {{ProvisionedConcurrentExecutions: 1, autoscaling: {{MinCapacity: 1, MaxCapacity: 2, policies: {{use: {{TargetValue: 0.7}}}}}}}}}}
recursion: {{RecursiveLoop: Allow}}
code_signing: {{CodeSigningConfigArn: "{SIGNING}"}}
runtime_management: {{UpdateRuntimeOn: FunctionUpdate}}
log_group: {{retention_days: 7}}
"""
CHANGED = (
    FULL.replace("payments", "orders")
    .replace("a: b", "a: c")
    .replace("alias: live", "alias: live, BatchSize: 7")
    .replace("MaxAge: 5", "MaxAge: 6")
    .replace("Executions: 5", "Executions: 3")
    .replace("Attempts: 1", "Attempts: 2")
    .replace("MaxCapacity: 2", "MaxCapacity: 3")
    .replace("TargetValue: 0.7", "TargetValue: 0.6")
    .replace("s3:::a", "s3:::b")
    .replace("Effect: Deny", "Sid: a, Effect: Deny")
    .replace(SIGNING, OTHER_SIGNING)
    .replace("Loop: Allow", "Loop: Terminate")
    .replace("On: FunctionUpdate", "On: Auto")
    .replace("retention_days: 7", "retention_days: 14")
)
T = TypeVar("T")
ABSENT = "function: checkout\naccount: test\nregion: us-west-2\nstate: absent\n"


def lives(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=FULL))
    house.apply()


def is_changed(house: House) -> None:
    lives(house)
    house.write("checkout.yaml", function_spec(key="v2.zip", configuration="Timeout: 9", extra=CHANGED))


def is_created(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=FULL))


def is_deleted(house: House) -> None:
    lives(house)
    house.write("checkout.yaml", ABSENT)


def is_replaced(house: House) -> None:
    lives(house)
    durable = "DurableConfig: {ExecutionTimeout: 60}"
    house.write("checkout.yaml", function_spec(configuration=durable, extra=FULL + "allow_replace: true\n"))


def is_adopted(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra="adopt: true\n" + FULL))
    house.lambda_.create_function(
        FunctionName="checkout", Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE,
        Code={"ZipFile": zip_of("before")},
    )  # fmt: skip


def loses_a_version_and_all_that_hangs_on_the_function(house: House) -> None:
    is_changed(house)
    house.apply()
    gone = "tags: {team: orders}\naliases: {}\nurls: {}\npermissions: {$LATEST: {}}\nconcurrency: {}\ncode_signing: {}\nevent_invoke: {}\nprovisioned_concurrency: {}\nevent_source_mappings: {}\nversions: {'1': {state: absent}}\n"
    house.write("checkout.yaml", function_spec(key="v2.zip", configuration="Timeout: 9", extra=gone))


def keeps_two_versions(house: House) -> None:
    """Three of seven go: the one that the alias is on stays, and three below it."""
    lives(house)
    for number in range(5):
        house.lambda_.update_function_code(FunctionName="checkout", ZipFile=zip_of(f"{number}"), Publish=True)
        house.lambda_.get_waiter("function_updated_v2").wait(FunctionName="checkout", WaiterConfig={"Delay": 0})
    house.apply()
    house.write("checkout.yaml", function_spec(extra=FULL + "versions: {retain: {newest: 2}}\n"))


@dataclass(frozen=True)
class Scene:
    prepare: Callable[[House], None]
    writes: int


SCENES = {
    "change": Scene(is_changed, 19),
    "creation": Scene(is_created, 16),
    "deletion": Scene(is_deleted, 4),
    "replacement": Scene(is_replaced, 12),
    "adoption": Scene(is_adopted, 18),
    "retention": Scene(keeps_two_versions, 3),
    "losses": Scene(loses_a_version_and_all_that_hangs_on_the_function, 11),
}


def is_write(operation: str) -> bool:
    return not operation.startswith(READING)


@dataclass
class Stage:
    """A scene that can be played again and again."""

    house: House
    kept: Kept
    stranger: Stranger
    clean: list[str]
    reports: frozenset[Path]

    def reset(self) -> None:
        """As it was before the first play."""
        self.kept.put_back()
        self.house.sandbox.requests.clear()
        for path in {*(self.house.root / "reports").iterdir()} - self.reports:
            path.unlink()

    def play(self, act: str, due: int, when: str, fault: Fault | None = None) -> str:
        """What is wrong after an apply during which the stranger acted at one request; nothing when all is well."""
        self.reset()
        self.house.sandbox.gate.script = Script([fault] if fault else [])
        self.stranger.waits(ACTS[act], lambda number, _, moment: (number, moment) == (due, when))
        result = self.house.run("apply", "--yes")
        has_acted = self.stranger.leaves()
        self.house.sandbox.gate.script = Script([])
        where = f"{act} {when} {due} {self.clean[due] if due < len(self.clean) else ''} {fault or ''}"
        if not has_acted:
            return ""
        if result.exit_code == 0 and (left := self.house.verbs()):
            return f"{where}: exit 0 and {left}"
        if result.exit_code not in (0, 21, 23, 25):
            return f"{where}: exit {result.exit_code}: {result.err}"
        return self.converges(where)

    def converges(self, where: str) -> str:
        for _ in range(3):
            self.take_back()
            if self.house.run("apply", "--yes").exit_code == 0 and self.house.verbs() == {}:
                return ""
        return f"{where}: never ends: {self.house.run('apply', '--yes').out}"

    def take_back(self) -> None:
        """What is marked as another house's, or as nobody's, is refused until its people give it back."""
        if "checkout" in {item["FunctionName"] for item in self.house.lambda_.list_functions()["Functions"]}:
            self.house.lambda_.tag_resource(Resource=ARN, Tags={MARK: "shop"})


@pytest.fixture(scope="module", params=SCENES)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One for all plays of a scene."""
    scene = SCENES[request.param]
    with pytest.MonkeyPatch.context() as patch, opened(patch) as sandbox:
        house = House(tmp_path_factory.mktemp("stage"), sandbox)
        house.write("reconcile.yaml", OURS, stock=False)
        scene.prepare(house)
        (house.root / "reports").mkdir(exist_ok=True)
        reports = frozenset((house.root / "reports").iterdir())
        kept, stranger = Kept(house), Stranger(house)
        patch.setattr("time.sleep", lambda _: None)
        stranger.waits(None, lambda *_: False)
        assert house.run("apply", "--yes").exit_code == 0
        assert len(list(filter(is_write, stranger.requests))) == scene.writes, stranger.requests
        yield Stage(house, kept, stranger, list(stranger.requests), reports)


def moments(clean: list[str]) -> list[tuple[int, str]]:
    """Right before each write, and right after its answer; so ordered that every second one has as many of both."""
    writes = [number for number, name in enumerate(clean) if is_write(name)]
    sides = (("before", "after"), ("after", "before"))
    return [(number, when) for turn, number in enumerate(writes) for when in sides[turn % 2]]


def told(faults: list[str]) -> str:
    return "\n".join(filter(None, faults))


FAULTS: dict[str, dict[str, Any]] = {
    "503": {"status": 503},
    "503, answer lost": {"status": 503, "when": "after"},
    "reset, answer lost": {"reset": True, "when": "after"},
    "twice": {"status": 503, "when": "after", "first": 2},
}


def in_turn(request: pytest.FixtureRequest, act: str, moments: list[T], rounds: int, first: int) -> list[T]:
    """The moments that are walked: all of them, or every so manieth, from another one with every act."""
    if request.config.getoption("--whole"):
        return moments
    return moments[(first + list(ACTS).index(act)) % rounds :: rounds]


@pytest.mark.sweep
@pytest.mark.parametrize("act", ACTS)
def test_a_change_of_somebody_elses_around_any_write_is_never_taken_for_ours(
    stage: Stage, act: str, request: pytest.FixtureRequest
) -> None:
    walked = in_turn(request, act, moments(stage.clean), rounds=10, first=0)
    assert not told([stage.play(act, number, when) for number, when in walked])


@pytest.mark.sweep
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", FAULTS)
def test_a_lost_answer_and_a_change_of_somebody_elses_before_the_next_call_are_told_apart(
    stage: Stage, act: str, name: str, request: pytest.FixtureRequest
) -> None:
    wrong, fault = [], FAULTS[name]
    writes = [number for number, operation in enumerate(stage.clean) if is_write(operation)]
    for number in in_turn(request, act, writes, rounds=3 * len(FAULTS), first=3 * list(FAULTS).index(name)):
        nth = stage.clean[: number + 1].count(stage.clean[number])
        lost = Fault(stage.clean[number], **({"nth": nth} | fault if "first" not in fault else fault))
        wrong.append(stage.play(act, number + 1, "before", lost))
    assert not told(wrong)
