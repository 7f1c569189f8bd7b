"""Every operation that there is, carried out while its answer is lost: it is recognised, not repeated, and nothing is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.kinds.registry import RANKS
from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import ABSENT, MANAGED, OURS
from tests.conftest import House, function_spec
from tests.sampling import named, sampled

LAYER = "layer: shared\naccount: test\nregion: us-west-2\n"
PUBLISHED = "publish: true\n"
ALIAS = PUBLISHED + "aliases: {live: {FunctionVersion: published}}\n"
SIGNED = "code_signing: {CodeSigningConfigArn: 'arn:aws:lambda:us-west-2:123456789012:code-signing-config:csc-0123456789abcdefg'}\n"
RESERVED = "concurrency: {ReservedConcurrentExecutions: 5}\n"
ASYNCHRONOUS = "event_invoke: {$LATEST: {MaximumRetryAttempts: 1}}\n"
ONE = ALIAS + "provisioned_concurrency: {live: {ProvisionedConcurrentExecutions: 2}}\n"
SCALED = ONE.replace("2}}", "2, autoscaling: {MinCapacity: 1, MaxCapacity: 5}}}")
TRACKED = SCALED.replace("5}}}", "5, policies: {use: {TargetValue: 0.7}}}}}")
TIMED = SCALED.replace("5}}}", "5, scheduled: {noon: {Schedule: rate(1 day), MinCapacity: 3}}}}}")
KEPT = "log_group: {retention_days: 7}\n"
LOCKED = "log_group: {kms_key: 'arn:aws:kms:us-west-2:123456789012:key/k'}\n"
LOGS = "log_group: {}\n"
URL = "urls: {$LATEST: {AuthType: AWS_IAM}}\n"
BUCKET = "permissions: {$LATEST: {bucket: {Action: 'lambda:InvokeFunction', Principal: s3.amazonaws.com}}}\n"
WHOLE = "permissions: {$LATEST: {policy: {Version: '2012-10-17', Statement: [{Sid: a, Effect: Allow, Principal: {AWS: '210987654321'}, Action: 'lambda:InvokeFunction', Resource: '*'}]}}}\n"
MANY = PUBLISHED + "scaling: {'1': {MinExecutionEnvironments: 3}}\n"
QUEUE = "event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'}}\n"
TAGGED = QUEUE.replace("'}}", "', Tags: {team: a}}}")


def spec(extra: str = "", key: str = "v1.zip", configuration: str = "") -> str:
    return function_spec(key=key, configuration=configuration, extra=extra)


def layer(key: str) -> str:
    return f"{LAYER}code: {{S3Bucket: artifacts, S3Key: {key}}}\n"


# KIND/OPERATION -> the spec before, none where there was no function, and the one that needs just this.
SCENES: Mapping[str, tuple[str, str]] = {
    "log_group/CreateLogGroup": (spec(), spec(LOGS)),
    "log_group/PutRetentionPolicy": (spec(LOGS), spec(KEPT)),
    "log_group/DeleteRetentionPolicy": (spec(KEPT), spec(LOGS)),
    "log_group/AssociateKmsKey": (spec(LOGS), spec(LOCKED)),
    "log_group/DisassociateKmsKey": (spec(LOCKED), spec(LOGS)),
    "layer/PublishLayerVersion": (layer("layer-1.zip"), layer("layer-2.zip")),
    "layer_version/DeleteLayerVersion": (layer("layer-1.zip"), f"{LAYER}state: absent\n"),
    "function/CreateFunction": ("", spec()),
    "function/UpdateFunctionConfiguration": (spec(), spec(configuration="Timeout: 9")),
    "function/UpdateFunctionCode": (spec(), spec(key="v2.zip")),
    "function/TagResource": (spec("tags: {}\n"), spec("tags: {team: a}\n")),
    "function/UntagResource": (spec("tags: {team: a}\n"), spec("tags: {}\n")),
    "function/DeleteFunction": (spec(), ABSENT.format("checkout")),
    "version/PublishVersion": (spec(), spec(PUBLISHED)),
    "version/DeleteFunction": (spec(PUBLISHED), spec("versions: {'1': {state: absent}}\n")),
    "alias/CreateAlias": (spec(PUBLISHED), spec(ALIAS)),
    "alias/UpdateAlias": (spec(ALIAS), spec(ALIAS.replace("published}", "published, Description: new}"))),
    "alias/DeleteAlias": (spec(ALIAS), spec(PUBLISHED + "aliases: {}\n")),
    "code_signing/PutFunctionCodeSigningConfig": (spec(), spec(SIGNED)),
    "code_signing/DeleteFunctionCodeSigningConfig": (spec(SIGNED), spec("code_signing: {}\n")),
    "recursion/PutFunctionRecursionConfig": (spec(), spec("recursion: {RecursiveLoop: Allow}\n")),
    "runtime_management/PutRuntimeManagementConfig": (
        spec(),
        spec("runtime_management: {UpdateRuntimeOn: FunctionUpdate}\n"),
    ),
    "concurrency/PutFunctionConcurrency": (spec(RESERVED), spec(RESERVED.replace("5", "0"))),
    "concurrency/DeleteFunctionConcurrency": (spec(RESERVED), spec("concurrency: {}\n")),
    "event_invoke/PutFunctionEventInvokeConfig": (spec(), spec(ASYNCHRONOUS)),
    "event_invoke/DeleteFunctionEventInvokeConfig": (spec(ASYNCHRONOUS), spec("event_invoke: {}\n")),
    "provisioned_concurrency/PutProvisionedConcurrencyConfig": (spec(ONE), spec(ONE.replace("2}}", "3}}"))),
    "provisioned_concurrency/DeleteProvisionedConcurrencyConfig": (
        spec(ONE),
        spec(ALIAS + "provisioned_concurrency: {}\n"),
    ),
    "provisioned_concurrency/RegisterScalableTarget": (spec(ONE), spec(SCALED)),
    "provisioned_concurrency/DeregisterScalableTarget": (spec(SCALED), spec(ONE)),
    "provisioned_concurrency/PutScalingPolicy": (spec(SCALED), spec(TRACKED)),
    "provisioned_concurrency/DeleteScalingPolicy": (spec(TRACKED), spec(SCALED)),
    "provisioned_concurrency/PutScheduledAction": (spec(SCALED), spec(TIMED)),
    "provisioned_concurrency/DeleteScheduledAction": (spec(TIMED), spec(SCALED)),
    "url/CreateFunctionUrlConfig": (spec(), spec(URL)),
    "url/UpdateFunctionUrlConfig": (spec(URL), spec(URL.replace("AWS_IAM", "NONE"))),
    "url/DeleteFunctionUrlConfig": (spec(URL), spec("urls: {}\n")),
    "permission/AddPermission": (spec(), spec(BUCKET)),
    "permission/RemovePermission": (spec(BUCKET), spec("permissions: {$LATEST: {}}\n")),
    "scaling/PutFunctionScalingConfig": (
        spec(MANY, configuration=MANAGED),
        spec(MANY.replace("3", "5"), configuration=MANAGED),
    ),
    "policy/PutResourcePolicy": (spec(WHOLE), spec(WHOLE.replace("210987654321", "310987654321"))),
    "policy/DeleteResourcePolicy": (spec(WHOLE), spec("permissions: {$LATEST: {policy: {}}}\n")),
    "event_source_mapping/CreateEventSourceMapping": (spec(), spec(QUEUE)),
    "event_source_mapping/UpdateEventSourceMapping": (spec(QUEUE), spec(QUEUE.replace("'}}", "', BatchSize: 3}}"))),
    "event_source_mapping/DeleteEventSourceMapping": (spec(QUEUE), spec("event_source_mappings: {}\n")),
    "event_source_mapping/TagResource": (spec(TAGGED), spec(TAGGED.replace("team: a", "team: a, cost: b"))),
    "event_source_mapping/UntagResource": (spec(TAGGED), spec(TAGGED.replace("team: a", ""))),
}


def test_every_operation_has_its_scene() -> None:
    assert set(SCENES) == set(RANKS) - {"alias/Invoke"}  # which makes nothing that could be looked for


FAULTS: Mapping[str, Mapping[str, Any]] = {"503": {"status": 503}, "reset": {"reset": True}}


@pytest.mark.parametrize(("fault", "entry"), sampled(FAULTS, named(*SCENES)))
def test_an_answer_that_is_lost_is_looked_for_and_the_call_not_repeated(
    house: House, entry: str, fault: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    before, after = SCENES[entry]
    operation = entry.partition("/")[2]
    house.write("reconcile.yaml", OURS, stock=False)
    if before:
        house.write("checkout.yaml", before)
        house.apply()
    house.write("checkout.yaml", after)
    house.writes()
    house.sandbox.gate.script = Script([Fault(operation, nth=1, when="after", **fault)])
    report = house.apply()
    assert report["outcome"]["exit_code"] == 0, report
    assert house.writes() == [operation]
    assert house.verbs() == {}
