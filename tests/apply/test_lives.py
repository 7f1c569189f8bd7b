"""Whole lives: a function with all of its sections at once, in one region or two, through changes, renames, deletions and returns,
with strangers' changes and lost answers in between. After every step, what git says is what AWS holds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import event, given
from hypothesis import strategies as st

from reconciler.core.diff import steps_of
from reconciler.sandbox.around import moto_adapter
from reconciler.sandbox.around.faults import Fault, Script
from reconciler.spec.ignored import unmatched
from tests.apply.houses import OURS
from tests.apply.strangers import ACTS, ARN, MARK, Act
from tests.apply.test_law import LAYERS, SIGNING, drawn, some, specs
from tests.conftest import ACCOUNT, REGION, House, opened

REGIONS = (REGION, "eu-west-1")
NAMES = ("checkout", "checkout-2")  # the first is the one that strangers know
# What strangers do; a function with all that it has becomes nobody's, and another house's only in test_strangers.
THEIRS: dict[str, Act] = {
    **{name: act for name, act in ACTS.items() if name != "owner mark"},
    "mark gone": lambda house: house.lambda_.untag_resource(Resource=ARN, TagKeys=[MARK]),
}
IGNORED = (
    "/configuration/MemorySize", "/configuration/Environment/Variables/AB", "/configuration/Environment", "/configuration/V*",
    "/tags/team", "/tags/*", "/aliases/live", "/aliases/*/Description", "/aliases/live/RoutingConfig",
    "/urls/live", "/urls/*/Cors", "/urls/$LATEST/Cors/MaxAge", "/permissions/live/t*", "/permissions/*/one", "/permissions/$LATEST/two",
    "/event_invoke/*/MaximumRetryAttempts", "/event_invoke/live", "/event_invoke/$LATEST/DestinationConfig/OnFailure",
    "/event_source_mappings/orders", "/event_source_mappings/*/BatchSize", "/event_source_mappings/orders/Enabled",
    "/provisioned_concurrency/live", "/provisioned_concurrency/*/ProvisionedConcurrentExecutions", "/provisioned_concurrency/*/autoscaling",
    "/concurrency", "/concurrency/ReservedConcurrentExecutions", "/recursion", "/runtime_management", "/log_group/retention_days",
    "/code_signing/CodeSigningConfigArn", "/code",
)  # fmt: skip
# What a spec of one region says otherwise there; `None` takes the section out.
OTHERWISE: dict[str, st.SearchStrategy[Any]] = {
    "configuration": some(Timeout=st.sampled_from([7, 900]), Description=st.just("there")),
    "tags": st.none() | st.just({"team": "there"}),
    "concurrency": st.none() | st.just({"ReservedConcurrentExecutions": 11}),
    "recursion": st.none() | st.just({"RecursiveLoop": "Allow"}),
    "log_group": st.none() | st.just({"retention_days": 30}),
    "urls": st.none() | st.just({"$LATEST": {"AuthType": "AWS_IAM"}}),
    "permissions": st.none(),
    "event_invoke": st.none() | st.just({"$LATEST": {"MaximumRetryAttempts": 0}}),
}
# Refused for good: an architecture without its code (R210), two versions that no alias can route between (R222), an alias that is
# left to others and that nobody has made (R223), one that goes and that what the spec does not own hangs on (R225), more kept started
# than is reserved, or the same version twice, where the spec owns one of both alone (R271, R272), what a version has that somebody
# else published without it (R276).
MAY_REFUSE = {"R210", "R222", "R223", "R225", "R271", "R272", "R276"}


DRAWS = [pytest.param(5, id="a few"), pytest.param(80, id="many", marks=pytest.mark.sweep)]


def anywhere(document: dict[str, Any]) -> dict[str, Any]:
    """The document as one for every region and account."""
    text = (
        json.dumps(document)
        .replace('"artifacts"', '"artifacts-{{ region }}"')
        .replace("arn:aws:", "arn:{{ partition }}:")
    )
    moved: dict[str, Any] = json.loads(
        text.replace(f":{REGION}:", ":{{ region }}:").replace(ACCOUNT, "{{ account.id }}")
    )
    return moved


@dataclass(frozen=True)
class Step:
    """A spec, and whether it gives its function another name; afterwards the strangers' acts. `lost` is the request, of all that
    the apply makes, whose answer is lost."""

    document: dict[str, Any]
    is_renaming: bool
    acts: tuple[str, ...]
    lost: int


@st.composite
def wholes(draw: st.DrawFn) -> dict[str, Any]:
    """A document with most of its sections, and what is ignored or another in one region."""
    document = draw(specs(st.sampled_from([True, True, True, False])))
    if draw(st.booleans()):
        document["configuration"]["DurableConfig"] = {"ExecutionTimeout": 60}
    reserved = document.get("concurrency", {})
    if reserved:
        least = 0 if "provisioned_concurrency" in document else 10  # what is kept started and no spec owns is not seen
        most = 400 if document.get("provisioned_concurrency") else 90
        number = max(least, min(reserved["ReservedConcurrentExecutions"], most))
        document["concurrency"] = {"ReservedConcurrentExecutions": number}
    drawn_pointers = draw(st.lists(st.sampled_from(IGNORED), unique=True, max_size=3))
    pointers = [pointer for pointer in drawn_pointers if not unmatched(steps_of(pointer), document)]
    if any(
        "policy" in entry for entry in document.get("permissions", {}).values()
    ):  # which is written whole, or not at all
        pointers = [pointer for pointer in pointers if not pointer.startswith("/permissions/")]
    return anywhere(document) | ({"ignore": pointers} if pointers else {})


@st.composite
def lives(draw: st.DrawFn) -> list[Step]:
    places = draw(st.sampled_from([REGIONS[:1], REGIONS]))
    steps = []
    for _ in range(draw(st.integers(2, 4))):
        document: dict[str, Any] = {"regions": list(places)}
        if draw(st.sampled_from([False, False, False, True])):
            document |= {"state": "absent", "adopt": True}
        else:
            document |= draw(wholes()) | {"allow_replace": True, "adopt": True}
            if len(places) > 1 and (otherwise := draw(some(**OTHERWISE))):
                document["by_region"] = {places[1]: otherwise}
        acts = tuple(draw(st.lists(st.sampled_from(sorted(THEIRS)), max_size=2)))
        is_renaming = "state" not in document and draw(st.sampled_from([False, False, True]))
        steps.append(Step(document, is_renaming, acts, draw(st.just(0) | st.integers(1, 60))))
    return steps


@dataclass
class Village:
    """A house in which lives are led, one after the other."""

    house: House
    name: str = ""

    def begin(self) -> None:
        self.name = NAMES[0]
        for place in REGIONS:
            region, _ = self.house.sandbox.gate.region(ACCOUNT, place)
            region.functions.clear()
            region.mappings.clear()
            region.scalable_targets.clear()
            moto_adapter.log_groups(ACCOUNT, place).clear()
        for path in (self.house.root / "reports").glob("*"):
            path.unlink()

    def take(self, step: Step) -> None:
        before, self.name = self.name, NAMES[1 - NAMES.index(self.name)] if step.is_renaming else self.name
        document = {**step.document, "function": self.name} | ({"was": before} if step.is_renaming else {})
        self.house.write("life.yaml", json.dumps(document), stock=False)
        self.house.sandbox.gate.script = Script(
            [Fault("*", nth=step.lost, reset=True, when="after")] if step.lost else []
        )
        self.house.sandbox.requests.clear()
        result = self.house.run("apply", "--yes")
        self.house.sandbox.gate.script = Script([])
        if result.exit_code == 21:
            assert self.refusals() <= MAY_REFUSE, result.out
            event("refused")
            self.name = before
            return
        assert result.exit_code == 0, result.err
        refused = [item for item in self.house.sandbox.writes if item.status >= 400 and not step.lost]
        assert not refused
        assert self.house.verbs() == {}
        self.house.writes()
        assert self.house.run("apply", "--yes").exit_code == 0
        assert self.house.writes() == []
        for act in step.acts:
            self.meet(act)

    def refusals(self) -> set[str]:
        return {note["rule"] for note in self.house.plan()["diagnostics"] if note["severity"] == "refusal"}

    def meet(self, act: str) -> None:
        try:
            THEIRS[act](self.house)
        except ClientError:
            return
        event(act)


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    with pytest.MonkeyPatch.context() as patch, opened(patch) as sandbox:
        house = House(tmp_path_factory.mktemp("village"), sandbox)
        house.write("reconcile.yaml", OURS.replace("[us-west-2]", json.dumps(REGIONS)), stock=False)
        stock(house)
        patch.setattr(time, "sleep", lambda _: None)
        yield Village(house)


def stock(house: House) -> None:
    """Everything that the draws name, in both regions."""
    everything: dict[str, Any] = {
        "function": "stock", "regions": list(REGIONS),
        "configuration": {
            "Runtime": "python3.13", "Handler": "lambda_function.lambda_handler", "Role": f"arn:aws:iam::{ACCOUNT}:role/lambda",
            "Layers": LAYERS, "VpcConfig": {"SubnetIds": ["subnet-a", "subnet-b"], "SecurityGroupIds": ["sg-1", "sg-2"]},
        },
        "event_source_mappings": {
            "orders": {"EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"},
            "clicks": {"EventSourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks", "StartingPosition": "LATEST"},
        },
    }  # fmt: skip
    for key, signing in zip(("v1.zip", "v2.zip", "v3.zip"), (*SIGNING, SIGNING[0]), strict=True):
        more = {"code": {"S3Bucket": "artifacts", "S3Key": key}, "code_signing": {"CodeSigningConfigArn": signing}}
        house.write("life.yaml", json.dumps(anywhere(everything | more)))


@pytest.mark.parametrize("draws", DRAWS)
def test_after_every_step_of_a_life_what_git_says_is_what_aws_holds(village: Village, draws: int) -> None:
    @drawn(draws)
    @given(lives())
    def holds(steps: list[Step]) -> None:
        village.begin()
        for step in steps:
            village.take(step)

    holds()
