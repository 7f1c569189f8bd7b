"""The rules that JSON Schema cannot say, each with the very place that it points to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.files.strict_yaml import parse
from reconciler.rollout.steps import PRESETS
from reconciler.spec import rules
from tests.spec.reading import HEAD, IGNORABLE, faults, refusal

ROLE = "arn:aws:iam::123456789012:role/r"
SQS = "arn:aws:sqs:us-west-2:123456789012:q"
FIFO = f"{SQS}.fifo"
KINESIS = "arn:aws:kinesis:us-west-2:123456789012:stream/s"
TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/t/stream/2026-01-01T00:00:00.000"
KAFKA = "arn:aws:kafka:us-west-2:123456789012:cluster/c/11111111-1111-1111-1111-111111111111-1"
DOCUMENTS = "arn:aws:rds:us-west-2:123456789012:cluster:d"
QUEUE = f"EventSourceArn: '{SQS}'"
STREAM = f"EventSourceArn: '{KINESIS}'"
ZIP = f"configuration: {{Runtime: python3.13, Handler: a.b, Role: '{ROLE}'}}\n"
BUCKET = "code: {S3Bucket: bucket, S3Key: k}\n"


def alias(text: str) -> str:
    return f"aliases:\n  live: {{{text}}}\n"


def rollout(text: str) -> str:
    return alias(f"FunctionVersion: '1', rollout: {{{text}}}")


def mapping(text: str) -> str:
    return f"event_source_mappings:\n  orders:\n    {text}\n"


def weights(version: str, shares: str) -> str:
    return alias(f"FunctionVersion: {version}, RoutingConfig: {{AdditionalVersionWeights: {{{shares}}}}}")


def asynchronous(name: str, when: str, where: str) -> str:
    return f"event_invoke: {{{name}: {{DestinationConfig: {{{when}: {{Destination: '{where}'}}}}}}}}\n"


def whole(*statements: str) -> str:
    listed = "\n".join(f"      - {statement}" for statement in statements)
    return f"permissions:\n  live:\n    policy:\n      Version: '2012-10-17'\n      Statement:\n{listed}\n"


DENIED = "{Effect: Deny, Principal: '*', Action: '*', Resource: '*'}"


def scaled(text: str) -> str:
    return f'provisioned_concurrency:\n  "1": {{ProvisionedConcurrentExecutions: 1,\n    autoscaling: {{{text}}}}}\n'


PATCH = "arn:aws:lambda:us-west-2::runtime:" + "0123456789abcdef" * 4
OWN = "arn:aws:lambda:us-west-2:123456789012:function:checkout"
ONE_SOURCE = "code must have exactly one source, S3Bucket + S3Key, ImageUri or path"
ENVIRONMENT = "configuration:\n  Environment:\n    Variables:\n"
S3_BUCKET = "arn:aws:s3:::bucket"

REFUSED: dict[str, tuple[str, str]] = {
    "a policy without room": (
        f"permissions:\n  live: {{{', '.join(f'{name}: {{Action: lambda:*, Principal: s3.amazonaws.com, SourceArn: {S3_BUCKET}{9_000 * name}}}' for name in 'abc')}}}\n",
        "5:3: the policy of live is more than 27261 characters; the most is 20480: let one statement stand for several",
    ),
    "who comes by a URL, of another action": (
        "permissions:\n  live:\n    all: {Action: lambda:InvokeFunction, Principal: '*', FunctionUrlAuthType: NONE}\n",
        "6:58: FunctionUrlAuthType is of lambda:InvokeFunctionUrl alone; take it out, or write InvokedViaFunctionUrl: true for invocations by the URL",
    ),
    "a policy in two spellings": (
        f"permissions:\n  live:\n    policy: {{Version: '2012-10-17', Statement: [{DENIED}]}}\n    s3: {{Action: '*', Principal: s3.amazonaws.com}}\n",
        "7:5: live has its policy written whole, so s3 would be gone again; move it into the policy's Statement",
    ),
    "a Sid twice in a policy": (
        whole(DENIED.replace("{", "{Sid: a, "), DENIED.replace("{", "{Sid: a, ")),
        "10:15: another statement of this policy is a as well",
    ),
    "a statement for nobody": (
        whole(DENIED.replace("Principal: '*', ", "")),
        "8:7: a statement needs Principal or NotPrincipal, and not both",
    ),
    "a condition's key in two cases": (
        whole(DENIED.replace("}", ", Condition: {StringEquals: {aws:SourceAccount: '1', AWS:SourceAccount: '2'}}}")),
        "9:119: AWS:SourceAccount stands here in another case, too; write one with both values",
    ),
    "a statement of a whole policy left to others": (
        whole(DENIED) + "ignore: [/permissions/live/apigw-*]\n",
        "10:10: live has its policy written whole, which takes the place of all statements; ignore /permissions/live, or write it by Sids",
    ),
    "a policy without a version": (
        whole(DENIED).replace("Version: '2012-10-17'", "Id: a"),
        "6:5: permissions.live.policy needs Version",
    ),
    "something kept started beside tenants": (
        "configuration: {TenancyConfig: {TenantIsolationMode: PER_TENANT}}\nprovisioned_concurrency:\n  \"1\": {ProvisionedConcurrentExecutions: 1}\n",
        "6:3: nothing can be kept started for 1: the function has configuration.TenancyConfig; take one of the two out",
    ),
    "a version that is kept started twice": (
        alias("FunctionVersion: '1'") + "provisioned_concurrency:\n  live: {ProvisionedConcurrentExecutions: 1}\n  \"1\": {ProvisionedConcurrentExecutions: 1}\n",
        "8:3: live and 1 are both version 1, for which AWS keeps something started once; take one of the two out",
    ),
    "two aliases of one version that are kept started": (
        "aliases: {a: {FunctionVersion: published}, b: {FunctionVersion: published}}\nprovisioned_concurrency:\n  a: {ProvisionedConcurrentExecutions: 1}\n  b: {ProvisionedConcurrentExecutions: 1}\n",
        "7:3: a and b are both version published, for which AWS keeps something started once; take one of the two out",
    ),
    "$LATEST kept started": (
        "provisioned_concurrency: {$LATEST: {ProvisionedConcurrentExecutions: 1}}\n",
        "4:27: \"$LATEST\" is no name for a key under provisioned_concurrency; it must be an alias's name or a version's number; nothing is kept started for $LATEST",
    ),
    "an alias on $LATEST that is kept started": (
        alias("FunctionVersion: $LATEST") + "provisioned_concurrency: {live: {ProvisionedConcurrentExecutions: 1}}\n",
        "6:27: alias live is on $LATEST, for which AWS keeps nothing started; let it follow a version",
    ),
    "more kept started than reserved": (
        "concurrency: {ReservedConcurrentExecutions: 3}\nprovisioned_concurrency: {\"1\": {ProvisionedConcurrentExecutions: 2}, \"2\": {ProvisionedConcurrentExecutions: 2}}\n",
        "5:1: 4 are kept started and 3 reserved (concurrency); reserve more, or keep fewer",
    ),
    "none kept started": (
        "provisioned_concurrency: {\"1\": {ProvisionedConcurrentExecutions: 0}}\n",
        "4:66: provisioned_concurrency.1.ProvisionedConcurrentExecutions is 0; the least is 1",
    ),
    "bounds turned round": (
        scaled("MinCapacity: 5, MaxCapacity: 2"),
        "6:32: MinCapacity 5 is more than MaxCapacity 2; turn them round",
    ),
    "half of the bounds": (
        scaled("MinCapacity: 5"),
        "6:5: provisioned_concurrency.1.autoscaling needs MaxCapacity",
    ),
    "a utilization above all": (
        scaled("MinCapacity: 1, MaxCapacity: 2, policies: {use: {TargetValue: 70}}"),
        "6:81: provisioned_concurrency.1.autoscaling.policies.use.TargetValue is 70; the most is 1",
    ),
    "a scheduled action that sets nothing": (
        scaled("MinCapacity: 1, MaxCapacity: 2, scheduled: {noon: {Schedule: rate(1 day)}}"),
        "6:63: the action sets nothing; write MinCapacity, MaxCapacity or both",
    ),
    "a scheduled action from no moment": (
        scaled("MinCapacity: 1, MaxCapacity: 2, scheduled: {noon: {Schedule: rate(1 day), MinCapacity: 2, StartTime: 2030-13-01T00:00:00Z}}"),
        "6:120: StartTime is a time with its offset, as in 2026-01-31T12:00:00Z, or seconds since 1970",
    ),
    "a schedule of no form": (
        scaled("MinCapacity: 1, MaxCapacity: 2, scheduled: {noon: {Schedule: daily, MinCapacity: 2}}"),
        "6:80: provisioned_concurrency.1.autoscaling.scheduled.noon.Schedule is \"daily\"; it must be at(yyyy-mm-ddThh:mm:ss), rate(1 hour) or cron(0 8 * * ? *)",
    ),
    "a scale of an alias": (
        "scaling: {live: {MinExecutionEnvironments: 3}}\n",
        '4:11: "live" is no name for a key under scaling; it must be a version\'s number, or $LATEST.PUBLISHED',
    ),
    "a retention that there is not": (
        "log_group: {retention_days: 8}\n",
        "4:29: log_group.retention_days is 8; the nearest that are allowed are 7 and 14",
    ),
    "a filter that is no JSON": (
        mapping(
            "{EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:orders', FilterCriteria: {Filters: [{Pattern: '{a: 1}'}]}}"
        ).replace("orders:\n    {", "orders: {"),
        """5:110: the filter pattern is not JSON; write an object in quotes, as in '{"body": {"kind": ["order"]}}'""",
    ),
    "a path that can never match": (
        "ignore: [/configuration/Enviroment]\n",
        "4:10: /configuration/Enviroment can never match: /configuration has no Enviroment; did you mean Environment?",
    ),
    "a mapping's tag of AWS": (
        mapping("{EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:orders', Tags: {'AWS:x': y}}").replace(
            "orders:\n    {", "orders: {"
        ),
        "5:80: tags that begin with aws: are AWS's own",
    ),
    "six layers": (
        f"configuration: {{Layers: [{', '.join(f'arn:aws:lambda:us-west-2:123456789012:layer:l{n}:1' for n in range(6))}]}}\n",
        "4:17: a function has at most 5 layers, and here are 6",
    ),
    "a moment without an offset": (
        mapping(
            "{EventSourceArn: 'arn:aws:kinesis:us-west-2:123456789012:stream/s', StartingPosition: AT_TIMESTAMP, "
            "StartingPositionTimestamp: 2026-01-01T00:00:00}"
        ).replace("orders:\n    {", "orders: {"),
        "5:138: StartingPositionTimestamp is a time with its offset, as in 2026-01-31T12:00:00Z, or seconds since 1970",
    ),
    "a filter in a reference": (
        ENVIRONMENT + "      TOKEN: \"{{ ssm('/a')|upper }}\"\n",
        "7:14: the value of TOKEN is not a reference; allowed are ssm('/path'), secret('id'), account.id, account.name, region, partition, "
        "function, or a quoted text; secret('id', 'key') is one key of a JSON secret",
    ),
    "a reference in a tag": (
        "tags: {region: '{{ region | upper }}'}\n",
        "4:16: what stands between {{ and }} here must be one of account.id, account.name, region, partition, function",
    ),
    "no source": ("code: {}\n", f"4:1: {ONE_SOURCE}; there is none"),
    "two sources": ("code: {path: x, S3Key: k, S3Bucket: bucket}\n", f"4:1: {ONE_SOURCE}; S3Bucket + S3Key at specs/a.yaml:4:27 and path at specs/a.yaml:4:8 are two"),
    "a key without a bucket": ("code: {S3Key: k}\n", "4:1: code needs S3Bucket as well"),
    "a bucket without a key": ("code: {S3Bucket: bucket}\n", "4:1: code needs S3Key as well"),
    "an object version without an object": ("code: {path: x, S3ObjectVersion: v}\n", "4:17: code.S3ObjectVersion goes with S3Bucket and S3Key"),
    "an absolute path": ("code: {path: /etc}\n", "4:14: code.path /etc is absolute; write it relative to this file"),
    "a home path": ("code: {path: ~/src}\n", "4:14: code.path ~/src is absolute; write it relative to this file"),
    "an image called a zip": (ZIP + "code: {ImageUri: 'i@sha256:0'}\n", "5:8: an image needs `PackageType: Image` under configuration"),
    "a zip called an image": (f"configuration: {{PackageType: Image, Role: '{ROLE}'}}\n{BUCKET}", "4:17: PackageType Image needs code.ImageUri"),
    "an image with a runtime": (
        f"configuration: {{PackageType: Image, Runtime: python3.13, Role: '{ROLE}'}}\ncode: {{ImageUri: x}}\n",
        "4:37: an image function has no Runtime; take it out",
    ),
    "an image config without an image": ("configuration: {ImageConfig: {Command: [x]}}\n", "4:17: ImageConfig is for images (`PackageType: Image`)"),
    "a zip without a handler": (f"configuration: {{Runtime: python3.13, Role: '{ROLE}'}}\n{BUCKET}", "4:1: a function from a zip needs configuration.Handler"),
    "no role": (f"configuration: {{Runtime: python3.13, Handler: a.b}}\n{BUCKET}", "4:1: a function needs configuration.Role, which has no default"),
    "too long a timeout": ("configuration: {Timeout: 901}\n", "4:26: configuration.Timeout is 901; the most is 900"),
    "too much memory": ("configuration: {MemorySize: 10241}\n", "4:29: configuration.MemorySize is 10241; the most is 10240"),
    "too much storage": ("configuration: {EphemeralStorage: {Size: 10241}}\n", "4:42: configuration.EphemeralStorage.Size is 10241; the most is 10240"),
    "a reserved variable": (f"{ENVIRONMENT}      AWS_REGION: x\n", "7:7: AWS_REGION is set by Lambda itself; choose another name"),
    "too large an environment": (f"{ENVIRONMENT}      BIG: {'x' * 4087}\n", "6:5: the environment is 4097 bytes; the most is 4096"),
    "a log level in a text log": ("configuration: {LoggingConfig: {ApplicationLogLevel: INFO}}\n", "4:33: ApplicationLogLevel needs `LogFormat: JSON`"),
    "subnets without groups": ("configuration: {VpcConfig: {SubnetIds: [subnet-1]}}\n", "4:17: VpcConfig needs SecurityGroupIds as well, or both empty"),
    "a tag of AWS": ("tags: {'aws:x': y}\n", "4:8: tags that begin with aws: are AWS's own"),
    "a tag of ours": ("tags:\n  reconcile:managed-by: me\n", "5:3: tags that begin with reconcile: are reconcile's own"),
    "two weights": (weights('"1"', '"2": 0.1, "3": 0.1'), '5:48: alias live sends traffic to 2 more versions; Lambda takes one'),
    "a weight on the version itself": (weights('"1"', '"1": 0.1'), '5:75: alias live is on version 1 already; weigh another one'),
    "published on both sides": (weights("published", "published: 0.1"), "5:81: alias live is on version published already; weigh another one"),
    "weights on $LATEST": (weights("$LATEST", '"1": 0.1'), "5:52: alias live is on $LATEST, which takes no weights; publish a version"),
    "a rollout on $LATEST": (alias("FunctionVersion: $LATEST, rollout: all-at-once"), "5:36: alias live is on $LATEST, which takes no weights; write FunctionVersion: published, or take rollout out"),
    "weights beside a rollout": (alias("FunctionVersion: '1', rollout: all-at-once, RoutingConfig: {}"), "5:54: alias live has its weights from rollout; take RoutingConfig out"),
    "weights that fall": (rollout("steps: [{weight: 0.25, bake: 1m}, approve, {weight: 0.05, bake: 1m}]"), "5:94: weight 0.05 is not above 0.25, that of the step before"),
    "the same weight twice": (rollout("steps: [{weight: 0.25, bake: 1m}, {weight: 0.25, bake: 1m}]"), "5:85: weight 0.25 is not above 0.25, that of the step before"),
    "half a percent": (rollout("steps: [{weight: 0.055, bake: 1m}]"), "5:59: weight 0.055 has more than two decimals; write 0.06"),
    "a weight of all": (rollout("steps: [{weight: 1, bake: 1m}]"), "5:59: aliases.live.rollout.steps[0].weight is 1; the most is 0.99"),
    "a weight of nothing": (rollout("steps: [{weight: 0, bake: 1m}]"), "5:59: aliases.live.rollout.steps[0].weight is 0; the least is 0.01"),
    "too many steps": (rollout(f"steps: [{', '.join(['approve'] * 51)}]"), "5:49: aliases.live.rollout.steps has 51 items; the most is 50"),
    "no bake": (rollout("steps: [{weight: 0.5}]"), "5:42: aliases.live.rollout.steps[0] needs bake"),
    "a bad time": (rollout("steps: [approve], watch: 90"), "5:67: aliases.live.rollout.watch must be a time as in 90s, 10m, 6h or 1d, not 90"),
    "a share as a number": (rollout("steps: [approve], analysis: {errors: {max: 2}}"), "5:85: aliases.live.rollout.analysis.errors.max must be a share as in 2%, not 2"),
    "a time in words": (rollout("steps: [approve], watch: an hour"), '5:67: aliases.live.rollout.watch is "an hour"; it must be a time as in 90s, 10m, 6h or 1d'),
    "a preset that is none": (rollout("steps: LambdaLinear10PercentEvery2Minute"), f'5:49: aliases.live.rollout.steps is "LambdaLinear10PercentEvery2Minute"; it must be a list of steps, or one of {", ".join(PRESETS)}; did you mean LambdaLinear10PercentEvery2Minutes?'),
    "a rollout of nothing": (rollout("watch: 1h"), "5:32: aliases.live.rollout needs steps"),
    "a Description without room": (alias(f"FunctionVersion: '1', rollout: all-at-once, Description: {'x' * 131}"), "5:67: the Description of alias live is 131 characters long; beside a rollout the most is 130"),
    "a forged marker": (alias("FunctionVersion: '1', Description: 'x [rollout 8: rejected 2026-11-25T12:51:33Z]'"), "5:45: the Description of alias live ends with a rollout's marker, which reconcile writes itself; take [rollout …] out"),
    "a pattern that is none": (rollout("steps: [approve], smoke: [{event: e.json, expect: {/a: {matches: '('}}}]"), "5:107: this is no regular expression: missing ), unterminated subpattern at position 0"),
    "an unknown matcher": (rollout("steps: [approve], smoke: [{event: e.json, expect: {/a: {minn: 1}}}]"), "5:98: aliases.live.rollout.smoke[0].expect./a.minn is not known; did you mean min?"),
    "a matcher of nothing": (rollout("steps: [approve], smoke: [{event: e.json, expect: {/a: {}}}]"), "5:97: aliases.live.rollout.smoke[0].expect./a has 0 entries; the least is 1"),
    "a pointer that is none": (rollout("steps: [approve], smoke: [{event: e.json, expect: {a: 1}}]"), '5:93: "a" is no name for a key under aliases.live.rollout.smoke[0].expect; it must be a JSON Pointer, as in /statusCode'),
    "errors of nothing": (rollout("steps: [approve], analysis: {errors: {least: 5}}"), "5:71: analysis.errors is compared with nothing; write max, over_stable or both"),
    "a deadline before its time": (rollout("steps: [{weight: 0.5, bake: 2h}], deadline: 90m"), "5:86: the deadline of 90m is before the end of the longest step"),
    "versions that are kept by nothing": ("versions: {retain: {}}\n", "4:20: retain keeps nothing; write {newest: 10, days: 30}, or one of the two"),
    "a rollout that is left to others": ("ignore: [/aliases/live/rollout/steps]\n" + rollout("steps: [approve]"), "4:10: /aliases/live/rollout/steps can never match: rollout is nothing that AWS holds, so it is never compared"),
    "a version in use deleted": ('versions: {"3": {state: absent}}\n' + alias('FunctionVersion: "3"'), "4:12: version 3 is used by alias live; move the alias first"),
    "a weighted version deleted": ('versions: {"3": {state: absent}}\n' + weights('"1"', '"3": 0.1'), "4:12: version 3 is used by alias live; move the alias first"),
    "no event source": (mapping("BatchSize: 5"), "5:3: mapping orders needs EventSourceArn (or SelfManagedEventSource)"),
    "two event sources": (
        mapping(QUEUE + "\n    SelfManagedEventSource: {Endpoints: {KAFKA_BOOTSTRAP_SERVERS: ['h:1']}}"),
        "5:3: mapping orders has two sources; take EventSourceArn or SelfManagedEventSource out",
    ),
    "a bucket as a source": (
        mapping(f"EventSourceArn: '{S3_BUCKET}'"),
        "6:21: s3 is not polled by Lambda but calls it: it has no event source mapping; write a notification configuration of the bucket",
    ),
    "a topic as a source": (
        mapping("EventSourceArn: arn:aws:sns:us-west-2:123456789012:t"),
        "6:21: sns is not polled by Lambda but calls it: it has no event source mapping; write a subscription of the topic",
    ),
    "an event rule as a source": (
        mapping("EventSourceArn: arn:aws:events:us-west-2:123456789012:rule/r"),
        "6:21: events is not polled by Lambda but calls it: it has no event source mapping; write a target of the rule",
    ),
    "a stranger as a source": (
        mapping("EventSourceArn: arn:aws:glue:us-west-2:123456789012:x"),
        "6:21: Lambda polls sqs, kinesis, dynamodb, kafka, mq, rds and self-managed Kafka, not glue",
    ),
    "Kinesis without a start": (mapping(STREAM), "5:3: mapping orders polls a stream and needs StartingPosition: LATEST or TRIM_HORIZON"),
    "DynamoDB without a start": (mapping(f"EventSourceArn: '{TABLE}'"), "5:3: mapping orders polls a stream and needs StartingPosition: LATEST or TRIM_HORIZON"),
    "Kafka without a start": (mapping(f"EventSourceArn: '{KAFKA}'"), "5:3: mapping orders polls a stream and needs StartingPosition: LATEST or TRIM_HORIZON"),
    "DocumentDB without a start": (mapping(f"EventSourceArn: '{DOCUMENTS}'"), "5:3: mapping orders polls a stream and needs StartingPosition: LATEST or TRIM_HORIZON"),
    "a topic consumed as a queue with a start": (
        mapping("SelfManagedEventSource: {Endpoints: {KAFKA_BOOTSTRAP_SERVERS: ['a.example:9092']}}\n    Topics: [clicks]\n"
                "    SelfManagedKafkaEventSourceConfig: {ConsumptionMode: Queue}\n    StartingPosition: LATEST"),
        "9:5: a topic that is consumed as a queue has no StartingPosition; take it out",
    ),
    "a queue with a start": (mapping(QUEUE + "\n    StartingPosition: LATEST"), "7:5: sqs has no StartingPosition; take it out"),
    "DynamoDB at a time": (mapping(f"EventSourceArn: '{TABLE}'\n    StartingPosition: AT_TIMESTAMP"), "7:23: DynamoDB streams start at LATEST or TRIM_HORIZON"),
    "a time without a time": (mapping(STREAM + "\n    StartingPosition: AT_TIMESTAMP"), "5:3: AT_TIMESTAMP and StartingPositionTimestamp go together"),
    "a large batch at once": (mapping(QUEUE + "\n    BatchSize: 11"), "7:16: BatchSize 11 needs MaximumBatchingWindowInSeconds of at least 1"),
    "a large batch in order": (
        f"event_source_mappings:\n  orders:\n    EventSourceArn: {FIFO}\n    BatchSize: 11\n",
        "7:16: BatchSize is 11; a FIFO queue gives at most 10",
    ),
    "a window in order": (
        f"event_source_mappings:\n  orders:\n    EventSourceArn: {FIFO}\n    MaximumBatchingWindowInSeconds: 5\n",
        "7:5: a FIFO queue has no batching window; take it out",
    ),
    "a queue with a stream's option": (mapping(QUEUE + "\n    ParallelizationFactor: 2"), "7:5: ParallelizationFactor is for streams; mapping orders polls a queue"),
    "a queue with a destination": (mapping(QUEUE + "\n    DestinationConfig: {}"), "7:5: DestinationConfig is for streams; mapping orders polls a queue"),
    "an alias that is not declared": (
        alias("FunctionVersion: $LATEST") + mapping(QUEUE + "\n    alias: lvie"),
        "9:12: mapping orders is for alias lvie, which aliases does not declare; declared: live",
    ),
    "an alias where there are none": (
        "aliases: {}\n" + mapping(QUEUE + "\n    alias: live"),
        "8:12: mapping orders is for alias live, which aliases does not declare; declared: none",
    ),
    "a source twice": (
        mapping(QUEUE) + f"  again:\n    {QUEUE}\n",
        "7:3: mapping again polls the same source for the same qualifier as specs/a.yaml:5:3; keep one of them",
    ),
    "a source twice, once for $LATEST": (
        mapping(QUEUE) + f"  again:\n    {QUEUE}\n    alias: $LATEST\n",
        "7:3: mapping again polls the same source for the same qualifier as specs/a.yaml:5:3; keep one of them",
    ),
    "region and regions": ("regions: [us-west-2]\n", "4:1: write region or regions, not both"),
    "a reservation of less than none": (
        "concurrency: {ReservedConcurrentExecutions: -1}\n",
        "4:45: concurrency.ReservedConcurrentExecutions is -1; the least is 0",
    ),
    "a reservation that is no map": ("concurrency: 5\n", "4:14: concurrency must be a map, not 5"),
    "a signed image": (
        "code: {ImageUri: '123456789012.dkr.ecr.us-west-2.amazonaws.com/a:v1'}\n"
        "code_signing: {CodeSigningConfigArn: 'arn:aws:lambda:us-west-2:123456789012:code-signing-config:csc-0123456789abcdefg'}\n",
        "5:1: an image's code is not signed; take code_signing out",
    ),
    "another word for a loop": (
        "recursion: {RecursiveLoop: allow}\n",
        '4:28: recursion.RecursiveLoop is "allow"; allowed are Allow, Terminate; did you mean Allow?',
    ),
    "a runtime's version that is not named": (
        "runtime_management: {UpdateRuntimeOn: Manual}\n",
        "4:1: Manual pins a runtime's version; name it by RuntimeVersionArn",
    ),
    "a runtime's version that is not pinned": (
        f"runtime_management: {{UpdateRuntimeOn: Auto, RuntimeVersionArn: '{PATCH}'}}\n",
        "4:45: RuntimeVersionArn is for `UpdateRuntimeOn: Manual`; with another mode the version moves by itself",
    ),
    "a part of how a runtime is updated left to others": (
        "runtime_management: {UpdateRuntimeOn: Auto}\nignore: [/runtime_management/UpdateRuntimeOn]\n",
        "5:10: how a runtime is updated is one value, a mode with the version that it pins; write /runtime_management to leave it to somebody else",
    ),
    "a runtime's version without a mode": (
        f"runtime_management: {{RuntimeVersionArn: '{PATCH}'}}\n",
        "4:1: runtime_management needs UpdateRuntimeOn",
    ),
    "an asynchronous configuration of nothing": (
        "event_invoke: {live: {}}\n",
        "4:16: event_invoke.live sets nothing; set something, or take live out",
    ),
    "a bucket for what succeeded": (
        asynchronous("live", "OnSuccess", S3_BUCKET),
        "4:68: OnSuccess goes to no bucket, only OnFailure does; name a queue, a topic, a function or an event bus",
    ),
    "a FIFO queue for events": (
        asynchronous("live", "OnFailure", FIFO),
        "4:68: OnFailure goes to a FIFO queue; name a standard one",
    ),
    "a stream for events": (
        asynchronous("live", "OnFailure", KINESIS),
        "4:68: OnFailure goes to a queue, a topic, a function, an event bus or a bucket, and not to kinesis",
    ),
    "a topic of Kafka for events": (
        asynchronous("live", "OnFailure", "kafka://events"),
        "4:68: OnFailure goes to a queue, a topic, a function, an event bus or a bucket, and not to kafka",
    ),
    "events for the function itself": (
        asynchronous("$LATEST", "OnSuccess", OWN) + f"configuration: {{Role: '{ROLE}'}}\n",
        "4:71: OnSuccess goes to the function itself, which would invoke it for ever; name another",
    ),
    "events of an alias for the alias itself": (
        asynchronous("live", "OnFailure", f"{OWN}:live") + f"configuration: {{Role: '{ROLE}'}}\n",
        "4:68: OnFailure goes to the function itself, which would invoke it for ever; name another",
    ),
    "a URL beside tenants": (
        "configuration: {TenancyConfig: {TenantIsolationMode: PER_TENANT}}\nurls: {$LATEST: {AuthType: NONE}}\n",
        "5:8: URL $LATEST cannot be: a function with configuration.TenancyConfig has none; take one of the two out",
    ),
    "a URL of an undeclared alias": (
        "aliases: {live: {FunctionVersion: '1'}}\nurls: {next: {AuthType: NONE}}\n",
        "5:8: URL next is for alias next, which aliases does not declare; declared: live",
    ),
    "a pointer to nowhere": ("ignore: [/settings/Timeout]\n", f"4:10: an ignored path begins with one of {IGNORABLE}"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_rule_points_at_what_breaks_it(case: str, tmp_path: Path) -> None:
    body, message = REFUSED[case]
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "e.json").write_text("{}")
    assert faults(tmp_path, body) == [message]


ACCEPTED: dict[str, str] = {
    "one more version": weights('"1"', '"2": 0.25'),
    "the seed's last step, a weight of nought": weights('"1"', '"2": 0.0'),
    "nought on $LATEST": weights("$LATEST", '"2": 0'),
    "a weight's key without quotes": weights('"1"', "2: 1"),
    "a canary of the next version": weights('"1"', "published: 0.1") + "publish: true\n",
    "a canary by the name that CodeDeploy gives it": alias("FunctionVersion: '1', rollout: LambdaCanary10Percent5Minutes"),
    "steps with an approval": rollout("steps: [approve, {weight: 0.01, bake: 90s}, approve, {weight: 0.99, bake: 1d}], watch: 1h"),
    "a Description with room": alias(f"FunctionVersion: '1', rollout: all-at-once, Description: {'x' * 130}"),
    "nothing but a name": "",
    "deletion": "state: absent\n",
    "a version to delete": 'versions: {"3": {state: absent}}\n' + alias('FunctionVersion: "4"'),
    "an image": f"configuration: {{PackageType: Image, Role: '{ROLE}'}}\ncode: {{ImageUri: '123456789012.dkr.ecr.us-west-2.amazonaws.com/a:b'}}\n",
    "a managed instance runs long": "configuration: {Timeout: 5400, CapacityProviderConfig: {LambdaManagedInstancesCapacityProviderConfig: {CapacityProviderArn: 'arn:aws:lambda:us-west-2:123456789012:capacity-provider:c'}}}\n",
    "4096 bytes of environment": f"{ENVIRONMENT}      BIG: {'x' * 4086}\n",
    "no network": "configuration: {VpcConfig: {SubnetIds: [], SecurityGroupIds: []}}\n",
    "levels in a JSON log": "configuration: {LoggingConfig: {LogFormat: JSON, SystemLogLevel: WARN}}\n",
    "a large batch with a window": mapping(QUEUE + "\n    BatchSize: 11\n    MaximumBatchingWindowInSeconds: 1"),
    "a stream at a time": mapping(STREAM + "\n    StartingPosition: AT_TIMESTAMP\n    StartingPositionTimestamp: '2026-01-01T00:00:00Z'"),
    "an alias of somebody else's": mapping(QUEUE + "\n    alias: live"),
    "a source once a qualifier": alias("FunctionVersion: $LATEST") + mapping(QUEUE) + f"  again:\n    {QUEUE}\n    alias: live\n",
    "one cluster, two topics": "event_source_mappings:\n"
    + "".join(f"  {t}: {{EventSourceArn: '{KAFKA}', Topics: [{t}], StartingPosition: LATEST}}\n" for t in ("orders", "clicks")),
    "self-managed Kafka": mapping("SelfManagedEventSource: {Endpoints: {KAFKA_BOOTSTRAP_SERVERS: ['host:9092']}}\n    Topics: [orders]\n    StartingPosition: LATEST"),
    "a message broker": mapping("EventSourceArn: 'arn:aws:mq:us-west-2:123456789012:broker:b:b-1'\n    Queues: [q]\n    SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: 'arn:aws:secretsmanager:us-west-2:123456789012:secret:s'}]"),
    "an ignored variable": "ignore: [/configuration/Environment/Variables/X, /aliases/*/Description]\n",
    "nothing of a section": "aliases: {}\ntags: {}\nevent_source_mappings: {}\n",
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_lambda_takes_is_taken(case: str, tmp_path: Path) -> None:
    assert faults(tmp_path, ACCEPTED[case]) == []


def test_a_function_described_twice_names_both_places(tmp_path: Path) -> None:
    both = "function: checkout\naccount: test\nregions: [eu-west-1, us-west-2]\n"
    assert refusal(tmp_path, a=HEAD, sub__b=both) == [
        "specs/sub/b.yaml:1:11: test/us-west-2/checkout is described here and at specs/a.yaml:1:11; keep one of them"
    ]


def test_every_rule_is_broken_by_a_case() -> None:
    """Completeness: a rule that no case above breaks is not tested."""
    documents = [parse(HEAD + body, "specs/a.yaml").value for body, _ in REFUSED.values()]
    idle = [
        check.rule.id for check in rules.RULES["function"] if not any(list(check(document)) for document in documents)
    ]
    assert idle == []


WORDS = sorted(
    {
        *(
            "configuration",
            "code",
            "tags",
            "aliases",
            "event_source_mappings",
            "versions",
            "ignore",
            "region",
            "regions",
        ),
        *("Environment", "Variables", "VpcConfig", "SubnetIds", "LoggingConfig", "LogFormat", "ApplicationLogLevel"),
        *("EphemeralStorage", "Size", "Timeout", "MemorySize", "PackageType", "ImageUri", "path", "S3Bucket", "Layers"),
        *(
            "FunctionVersion",
            "rollout",
            "steps",
            "smoke",
            "expect",
            "analysis",
            "errors",
            "RoutingConfig",
            "AdditionalVersionWeights",
            "EventSourceArn",
            "StartingPosition",
            "alias",
        ),
        *("BatchSize", "MaximumBatchingWindowInSeconds", "SelfManagedEventSource", "DocumentDBEventSourceConfig"),
    }
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "Image", "/x", "a:b", SQS, FIFO, "AT_TIMESTAMP", "JSON"])  # fmt: skip
DOCUMENTS_OF_ANY_SHAPE = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(WORDS), DOCUMENTS_OF_ANY_SHAPE, max_size=6))
def test_no_document_however_wrong_upsets_a_rule(document: dict[str, Any]) -> None:
    assert all(found.message for found in rules.findings(document))
