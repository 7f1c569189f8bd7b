"""AWS calls, counted at the sandbox: a plan reads no more than it must."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from reconciler.sandbox.around.faults import Fault, Script
from reconciler.snapshot.everything import Everything
from tests.apply.houses import MANAGED, OURS
from tests.conftest import House, function_spec, opened

ONE_EACH = """publish: true
aliases:
  live: {{FunctionVersion: published}}
event_source_mappings:
  orders:
    EventSourceArn: arn:aws:sqs:us-west-2:123456789012:{name}
    alias: live
"""


def made_by_hand(house: House, name: str) -> None:
    house.lambda_.create_function(
        FunctionName=name, Runtime="python3.13", Handler="lambda_function.lambda_handler",
        Role="arn:aws:iam::123456789012:role/lambda", Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"},
    )  # fmt: skip


def counted(house: House) -> Counter[str]:
    house.sandbox.requests.clear()
    assert house.verbs() == {}
    return Counter(request.operation for request in house.sandbox.requests)


def test_a_noop_plan_of_functions_with_alias_and_mapping_reads_one_function_and_one_alias_list_each(
    house: House,
) -> None:
    count = 27
    for number in range(count):
        name = f"f{number:03}"
        house.write(f"{name}.yaml", function_spec(name, extra=ONE_EACH.format(name=name)), stock=False)
    house.write("z.yaml", function_spec("z"))
    house.remove("z.yaml")
    house.apply()
    calls = counted(house)
    assert calls == {"GetFunction": count, "ListAliases": count, "ListFunctions": 2, "ListEventSourceMappings": 1}


def test_a_noop_plan_without_aliases_lists_no_alias(house: House) -> None:
    for number in range(5):
        house.write(f"f{number}.yaml", function_spec(f"f{number}"))
    house.apply()
    assert counted(house) == {"GetFunction": 5}


def test_in_an_account_that_is_not_ours_alone_versions_are_asked_for_one_by_one_after_one_page(house: House) -> None:
    for name in ("ours", "others"):
        house.write(f"{name}.yaml", function_spec(name, extra="publish: true\n"))
    house.apply()
    for number in range(120):
        made_by_hand(house, f"a{number:03}")
    assert counted(house) == {"GetFunction": 2, "ListFunctions": 1, "ListVersionsByFunction": 2}


# Each section alone, over a function that has a resource of every kind, and what a plan that finds nothing to do asks for it
# beside GetFunction.
SECTIONS: Mapping[str, tuple[str, dict[str, int]]] = {
    "log_group": ("log_group: {retention_days: 7}", {"DescribeLogGroups": 1}),
    "version": ("publish: true", {"ListVersionsByFunction": 1}),
    "alias": ("aliases: {live: {FunctionVersion: '1'}}", {"ListAliases": 1, "ListVersionsByFunction": 1}),
    "code_signing": ("code_signing: {CodeSigningConfigArn: 'arn:aws:lambda:us-west-2:123456789012:code-signing-config:csc-0123456789abcdefg'}", {"GetFunctionCodeSigningConfig": 1}),
    "recursion": ("recursion: {RecursiveLoop: Allow}", {"GetFunctionRecursionConfig": 1}),
    "runtime_management": ("runtime_management: {UpdateRuntimeOn: FunctionUpdate}", {"GetRuntimeManagementConfig": 1}),
    "concurrency": ("concurrency: {ReservedConcurrentExecutions: 5}", {}),
    "scaling": ("scaling: {'1': {MinExecutionEnvironments: 3}}", {"GetFunctionScalingConfig": 1}),
    "url": ("urls: {$LATEST: {AuthType: AWS_IAM}}", {"ListFunctionUrlConfigs": 1}),
    "permission": ("permissions: {$LATEST: {bucket: {Action: 'lambda:InvokeFunction', Principal: s3.amazonaws.com}}}", {"GetPolicy": 1}),
    "policy": ("permissions: {'1': {policy: {Version: '2012-10-17', Statement: [{Effect: Deny, Principal: '*', Action: '*', Resource: '*'}]}}}", {"GetResourcePolicy": 1, "ListAliases": 1, "ListVersionsByFunction": 1}),
    "event_invoke": ("event_invoke: {$LATEST: {MaximumRetryAttempts: 1}}", {"ListFunctionEventInvokeConfigs": 1}),
    "provisioned_concurrency": (
        "provisioned_concurrency: {'1': {ProvisionedConcurrentExecutions: 2, autoscaling: {MinCapacity: 1, MaxCapacity: 3}}}",
        {"ListProvisionedConcurrencyConfigs": 1, "DescribeScalableTargets": 1, "DescribeScalingPolicies": 1, "DescribeScheduledActions": 1, "ListAliases": 1, "ListVersionsByFunction": 1},
    ),
    "event_source_mapping": ("event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'}}", {"ListEventSourceMappings": 1}),
}  # fmt: skip


# The same of a layer, beside which a function without it stands.
LAYERS: Mapping[str, tuple[str, dict[str, int]]] = {
    "layer": ("", {"ListLayers": 1, "GetLayerVersionByArn": 1}),
    "layer_version": ("keep: 2\n", {"ListLayers": 1, "GetLayerVersionByArn": 1, "ListLayerVersions": 1, "ListFunctions": 1}),
}  # fmt: skip


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_takes_its_own_calls_and_no_other(house: House, kind: str) -> None:
    text, calls = LAYERS[kind]
    house.write("one.yaml", function_spec("one"))
    house.write(
        "shared.yaml",
        f"layer: shared\naccount: test\nregion: us-west-2\ncode: {{S3Bucket: artifacts, S3Key: l.zip}}\n{text}",
    )
    house.apply()
    assert counted(house) == {"GetFunction": 1, **calls}


def test_layers_of_an_account_that_is_not_ours_alone_are_asked_for_one_by_one(house: House) -> None:
    house.write(
        "shared.yaml", "layer: shared\naccount: test\nregion: us-west-2\ncode: {S3Bucket: artifacts, S3Key: l.zip}\n"
    )
    house.apply()
    for number in range(60):
        content = {"S3Bucket": "artifacts", "S3Key": "l.zip"}
        house.lambda_.publish_layer_version(LayerName=f"a{number}", Content=content)
    assert counted(house) == {"ListLayers": 1, "ListLayerVersions": 1, "GetLayerVersionByArn": 1}


def together() -> str:
    """A spec that says all sections at once; two kinds may share one."""
    said: dict[str, Any] = {}
    for name, entries in (item for text, _ in SECTIONS.values() for item in yaml.safe_load(text).items()):
        said[name] = {**said.get(name, {}), **entries} if isinstance(entries, dict) else entries
    return function_spec("one", extra=yaml.safe_dump(said), configuration=MANAGED)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose function has a resource of every kind."""
    with pytest.MonkeyPatch.context() as patch, opened(patch) as sandbox:
        house = House(tmp_path_factory.mktemp("house"), sandbox)
        house.write("reconcile.yaml", OURS, stock=False)
        house.write("one.yaml", together())
        house.apply()
        yield house


def test_a_section_that_no_spec_has_takes_no_call(whole: House) -> None:
    whole.write("one.yaml", function_spec("one", configuration=MANAGED))
    assert counted(whole) == {"GetFunction": 1}


@pytest.mark.parametrize("kind", SECTIONS)
def test_a_section_takes_its_own_calls_and_no_other(whole: House, kind: str) -> None:
    text, calls = SECTIONS[kind]
    whole.write("one.yaml", function_spec("one", extra=text, configuration=MANAGED))
    assert counted(whole) == {"GetFunction": 1, **calls}


def test_sections_together_ask_for_nothing_twice(whole: House) -> None:
    whole.write("one.yaml", together())
    asked = Counter[str]()
    for _, calls in SECTIONS.values():
        asked |= Counter(calls)
    assert counted(whole) == {"GetFunction": 1, **asked}


# --- a house that is new ---------------------------------------------------------------------------------------------


@pytest.fixture
def forty(house: House) -> House:
    """So many functions that nobody has made yet, and one that is to go."""
    for number in range(40):
        house.write(f"f{number:02}.yaml", function_spec(f"f{number:02}"), stock=not number)
    house.write("old.yaml", "function: f00-old\naccount: test\nregion: us-west-2\nstate: absent\n")
    made_by_hand(house, "theirs")
    return house


def asked(house: House, verbs: int) -> Counter[str]:
    house.sandbox.requests.clear()
    assert len(house.verbs()) == verbs
    return Counter(request.operation for request in house.sandbox.requests)


def test_of_many_new_functions_some_are_looked_at_and_the_rest_is_not_among_all_that_there_are(forty: House) -> None:
    assert asked(forty, 40)["GetFunction"] <= 6
    assert asked(forty, 40)["ListFunctions"] == 1


def test_who_is_there_although_none_that_was_tried_is_is_looked_at(forty: House) -> None:
    made_by_hand(forty, "f01")
    made_by_hand(forty, "f00-old")
    verbs = forty.verbs()
    assert verbs["f00-old"] == "delete"
    assert "f01" not in verbs
    assert asked(forty, 40)["GetFunction"] <= 8


def test_where_others_have_many_functions_or_nobody_may_list_them_each_is_looked_at(forty: House) -> None:
    for number in range(50):
        made_by_hand(forty, f"other{number}")
    assert asked(forty, 40)["GetFunction"] == 41
    forty.sandbox.gate.script = Script([Fault("ListFunctions", status=403, code="AccessDeniedException")])
    assert asked(forty, 40)["GetFunction"] == 41


def test_what_was_not_listed_and_is_there_is_made_by_nobody(forty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing may be late; AWS's own answer is not."""
    made_by_hand(forty, "f01")
    monkeypatch.setattr(Everything, "names_if_few", lambda *_: frozenset())
    report = forty.apply()
    (failed,) = (task for task in report["tasks"] if task["status"]["failed"])
    assert failed["target"] == "test/us-west-2/f01"
    assert "already exist" in failed["status"]["status"]
    assert forty.verbs() == {}
