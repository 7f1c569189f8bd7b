"""Completeness: whoever reads, shows, exports, recovers or draws resources knows every kind, and every kind knows what they ask.

A kind is one file and one word in the registry. What else must speak of it is listed here, and a kind that was forgotten anywhere
is told with what lacks.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from reconciler.core import service
from reconciler.files.validation import load_schema
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS, RANKS
from reconciler.kinds.url import URL
from reconciler.kinds.version import VERSION
from reconciler.report.schemas import KIND
from reconciler.sandbox.gate import BESIDE, OF_FUNCTIONS, OPERATIONS
from tests.apply.houses import ABSENT, MANAGED, OURS
from tests.apply.test_law import specs
from tests.apply.test_law_of_layers import layers
from tests.apply.test_lost_answers import SCENES
from tests.conftest import House, function_spec, opened
from tests.snapshot.test_budget import LAYERS, SECTIONS
from tests.spec.test_layer_files import REFUSED as LAYERS_REFUSED
from tests.spec.test_rules import REFUSED

# A spec with a resource of every kind.
EVERYTHING = """publish: true
tags: {team: a}
aliases: {live: {FunctionVersion: published}}
log_group: {retention_days: 7}
concurrency: {ReservedConcurrentExecutions: 5}
code_signing: {CodeSigningConfigArn: 'arn:aws:lambda:us-west-2:123456789012:code-signing-config:csc-0123456789abcdefg'}
recursion: {RecursiveLoop: Allow}
scaling: {'1': {MinExecutionEnvironments: 3}}
runtime_management: {UpdateRuntimeOn: FunctionUpdate}
urls: {live: {AuthType: AWS_IAM}}
event_invoke: {live: {MaximumRetryAttempts: 1}}
permissions:
  live: {bucket: {Action: 'lambda:InvokeFunction', Principal: s3.amazonaws.com}}
  $LATEST: {policy: {Version: '2012-10-17', Statement: [{Effect: Deny, Principal: '*', Action: '*', Resource: '*'}]}}
provisioned_concurrency: {live: {ProvisionedConcurrentExecutions: 2, autoscaling: {MinCapacity: 1, MaxCapacity: 5, policies: {Use: {TargetValue: 0.7}}}}}
event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q', alias: live}}
"""


SHARED = "layer: shared\naccount: test\nregion: us-west-2\ncode: {S3Bucket: artifacts, S3Key: layer.zip}\nkeep: 2\n"
DRAWN: Mapping[str, SearchStrategy[dict[str, Any]]] = {"function": specs(), "layer": layers()}


@dataclass(frozen=True)
class Shown:
    """What the product's own commands showed of a function that has a resource of every kind, as JSON."""

    snapshot: Mapping[str, Any]
    functions: Mapping[str, Any]
    export: Mapping[str, Any]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with pytest.MonkeyPatch.context() as patch, opened(patch) as sandbox:
        house = House(tmp_path_factory.mktemp("house"), sandbox)
        house.write("reconcile.yaml", OURS, stock=False)
        house.write("shared.yaml", SHARED)
        house.write("one.yaml", function_spec("one", extra=EVERYTHING, configuration=MANAGED))
        assert house.apply()["outcome"]["exit_code"] == 0
        latest = {"FunctionName": "one", "Qualifier": "$LATEST.PUBLISHED"}
        house.lambda_.publish_version(FunctionName="one", PublishTo="LATEST_PUBLISHED")
        house.lambda_.put_function_scaling_config(**latest, FunctionScalingConfig={"MaxExecutionEnvironments": 9})
        snapshot = house.run("snapshot").json()
        (functions,) = house.run("functions").json()
        house.write("one.yaml", ABSENT.format("one"))
        (export,) = house.apply()["exports"]
        yield Shown(snapshot, functions, export["spec"])


@cache
def drawn(of: str) -> list[dict[str, Any]]:
    """Specs as the law draws them."""
    documents: list[dict[str, Any]] = []

    @settings(max_examples=200, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(DRAWN[of])
    def draw(document: dict[str, Any]) -> None:
        documents.append(document)

    draw()
    return documents


def is_drawn(kind: Kind) -> bool:
    """Whether the law's strategy draws specs that say something of the kind."""
    names = {section.name for section in kind.sections} - {kind.section}
    return any(
        any(map(document.get, names)) or bool(kind.entries(document.get(kind.section) or {}))
        for document in drawn(kind.of)
    )


def camel(section: str) -> str:
    first, *rest = section.split("_")
    return first + "".join(word.capitalize() for word in rest)


def forgotten(kind: Kind, shown: Shown) -> Iterator[str]:
    """Where a kind lacks."""
    changing = {f"{kind.name}/{call.operation}" for call in kind.calls} - {"function/Invoke"}
    if not changing <= set(RANKS):
        yield "not in the order"
    if not any(entry.startswith(f"{kind.name}/") for entry in SCENES):
        yield "not recovered"
    if kind.section not in load_schema(kind.of)["properties"]:
        yield "not in the schema of specs"
    if kind.name not in KIND["enum"]:
        yield "not in the schema of documents"
    if kind.name not in {item["kind"] for item in shown.snapshot["resources"]}:
        yield "not read"
    is_of_functions = kind.of == FUNCTION.name
    if (
        is_of_functions and kind is not VERSION and not shown.export.get(kind.section)
    ):  # these are only named to be deleted
        yield "not exported"
    if is_of_functions and kind is not FUNCTION and not shown.functions.get(camel(kind.section)):
        yield "not listed"
    if not is_drawn(kind):
        yield "not drawn by the law"
    if kind is not FUNCTION and kind.name not in (*SECTIONS, *LAYERS):
        yield "without a budget of calls"
    bodies = [body for body, _ in (REFUSED if is_of_functions else LAYERS_REFUSED).values()]
    if not any(f"{kind.section}:" in body for body in bodies):
        yield "without a case that breaks its rules or its schema"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_is_forgotten_nowhere(kind: Kind, shown: Shown) -> None:
    assert list(forgotten(kind, shown)) == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_its_calls_are_calls_that_aws_and_the_sandbox_have(kind: Kind) -> None:
    reading = kind.reading
    operation, params = reading.single("checkout", "00000000-0000-4000-8000-000000000001")
    assert service.invalid_params(operation, params) == ""
    listings = [listing for listing in (reading.listing, reading.everywhere, reading.together) if listing]
    listings += [other.listing for other in reading.beside]
    for other in reading.beside:
        assert service.invalid_params(other.listing.operation, other.about("checkout", "live")) == ""
        assert service.invalid_params(other.listing.operation, other.listing.params) == ""
    for listing in listings:
        assert listing.member in service.response(listing.operation).members
    named = {operation, *(listing.operation for listing in listings), *(call.operation for call in kind.calls)}
    assert named <= {*OPERATIONS, *chain(*BESIDE.values(), *OF_FUNCTIONS.values()), "Invoke"}


def test_each_stands_alone_by_contract() -> None:
    contracts = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    (alone,) = (contract["modules"] for contract in contracts if contract["type"] == "independence")
    assert sorted(alone) == sorted(f"reconciler.kinds.{kind.name}" for kind in KINDS.values())


def test_a_kind_that_was_forgotten_is_told_with_all_that_lacks(shown: Shown) -> None:
    """The net itself: a kind that is one word in the registry and nothing else."""
    novel = replace(URL, name="novel", section="novels", sections=(replace(URL.sections[0], name="novels"),), rules=())
    assert list(forgotten(novel, shown)) == [
        "not in the order",
        "not recovered",
        "not in the schema of specs",
        "not in the schema of documents",
        "not read",
        "not exported",
        "not listed",
        "not drawn by the law",
        "without a budget of calls",
        "without a case that breaks its rules or its schema",
    ]
