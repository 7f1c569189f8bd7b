"""The law, by property: apply, then plan, is empty; a second apply makes no writing call; no plan sends what AWS refuses.

Hypothesis draws a live state (by drawing an earlier spec and applying it) and a spec, over all sections. What is drawn here by itself
meets renames, deletions, regions, strangers and lost answers in test_lives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reconciler.commands.rehearsal import fill
from reconciler.commands.run import Stop, run_plan
from reconciler.commands.wiring import connect, live_snapshot
from reconciler.commands.workspaces import Workspace, read
from reconciler.core.accounts import Account
from reconciler.core.model import Spec
from reconciler.core.plans import Plan
from reconciler.kinds.registry import KINDS, NAMED_SECTIONS
from reconciler.plan.case import Policy
from reconciler.plan.plan import plan
from reconciler.report.documents import plan_document
from reconciler.report.formats.json import document_json
from reconciler.report.schemas import PLAN, SNAPSHOT
from reconciler.report.snapshots import snapshot_document, snapshot_from
from reconciler.sandbox import Sandbox
from reconciler.sandbox.around import moto_adapter
from reconciler.spec.config import Config
from tests.conftest import CONFIG, REGION, opened

ARN = "arn:aws:{}:us-west-2:123456789012:{}"
LAYERS = [ARN.format("lambda", f"layer:l{number}:1") for number in range(3)]


def some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A map with any of the members."""
    return st.fixed_dictionaries({}, optional=members)


logging = some(LogGroup=st.sampled_from(["/a", "/b"])).flatmap(
    lambda base: st.sampled_from([{}, {"LogFormat": "Text"}, {"LogFormat": "JSON"}, {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}, {"LogFormat": "JSON", "SystemLogLevel": "WARN"}]).map(lambda more: base | more)
)  # fmt: skip
network = st.sampled_from([{}, {"SubnetIds": [], "SecurityGroupIds": []}, {"SubnetIds": ["subnet-b", "subnet-a"], "SecurityGroupIds": ["sg-1"]}, {"SubnetIds": ["subnet-a"], "SecurityGroupIds": ["sg-1", "sg-2"], "Ipv6AllowedForDualStack": True}])  # fmt: skip
PROVIDED = {"CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": ARN.format("lambda", "capacity-provider:p")}}}  # fmt: skip
configuration = st.builds(
    lambda base, more: {**base, **more},
    st.just({"Runtime": "python3.13", "Handler": "lambda_function.lambda_handler", "Role": "arn:aws:iam::123456789012:role/lambda", **PROVIDED}),
    some(
        Architectures=st.sampled_from([["x86_64"], ["arm64"]]),
        DeadLetterConfig=st.sampled_from([{"TargetArn": ""}, {"TargetArn": ARN.format("sqs", "dead")}, {}]),
        Description=st.sampled_from(["", "one", "two"]),
        Environment=st.sampled_from([{}, {"Variables": {}}, {"Variables": {"AB": "1"}}, {"Variables": {"AB": "on", "CD": "é"}}]),
        EphemeralStorage=st.sampled_from([{"Size": 512}, {"Size": 1024}]),
        KMSKeyArn=st.sampled_from(["", ARN.format("kms", "key/1")]),
        Layers=st.lists(st.sampled_from(LAYERS), unique=True, max_size=3),
        LoggingConfig=logging,
        MemorySize=st.sampled_from([128, 129, 10240]),
        Runtime=st.sampled_from(["python3.12", "python3.13"]),
        SnapStart=st.sampled_from([{"ApplyOn": "None"}, {"ApplyOn": "PublishedVersions"}]),
        Timeout=st.sampled_from([1, 3, 900]),
        TracingConfig=st.sampled_from([{"Mode": "Active"}, {"Mode": "PassThrough"}]),
        VpcConfig=network,
    ),
)  # fmt: skip
code = st.fixed_dictionaries(
    {"S3Bucket": st.just("artifacts"), "S3Key": st.sampled_from(["v1.zip", "v2.zip", "v3.zip"])},
    optional={"SourceKMSKeyArn": st.sampled_from(["", ARN.format("kms", "key/2")]), "S3ObjectStorageMode": st.sampled_from(["COPY", "REFERENCE"])},
)  # fmt: skip
version = st.sampled_from(["published", "1", "$LATEST"])
alias = st.builds(
    lambda number, description, share: {"FunctionVersion": number, **description, **share},
    version,
    some(Description=st.sampled_from(["", "text"])),
    st.sampled_from([{}, {"RoutingConfig": {}}, {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.0}}}]),
)
aliases = st.dictionaries(st.sampled_from(["live", "next", "beta"]), alias, max_size=3)
url = st.builds(
    lambda auth, more: {"AuthType": auth, **more},
    st.sampled_from(["NONE", "AWS_IAM"]),
    some(
        Cors=some(
            AllowCredentials=st.booleans(),
            AllowHeaders=st.lists(st.sampled_from(["Content-Type", "x-key"]), unique=True),
            AllowMethods=st.sampled_from([[], ["GET"], ["PUT", "GET"]]),
            AllowOrigins=st.sampled_from([[], ["*"], ["https://b.example", "https://A.example"]]),
            ExposeHeaders=st.sampled_from([[], ["ETag"]]),
            MaxAge=st.sampled_from([0, 86400]),
        ),
        InvokeMode=st.sampled_from(["BUFFERED", "RESPONSE_STREAM"]),
    ),
)
destination = st.sampled_from([{}, {"Destination": ""}, {"Destination": ARN.format("sqs", "orders")}])
asynchronous = some(
    DestinationConfig=some(OnFailure=destination, OnSuccess=destination),
    MaximumEventAgeInSeconds=st.sampled_from([60, 21_600]),
    MaximumRetryAttempts=st.sampled_from([0, 2]),
).filter(bool)
scaled = some(
    policies=st.sampled_from([{}, {"use": {"TargetValue": 0.7, "ScaleInCooldown": 30}}, {"use": {"TargetValue": 1, "ScaleInCooldown": 60}}]),
    scheduled=st.sampled_from([{}, {"noon": {"Schedule": "rate(1 day)", "MinCapacity": 2, "StartTime": "2030-01-01T00:00:00Z"}}]),
    SuspendedState=st.sampled_from([{}, {"ScheduledScalingSuspended": True}]),
).flatmap(lambda more: st.sampled_from([(1, 3), (2, 2)]).map(lambda both: {"MinCapacity": both[0], "MaxCapacity": both[1], **more}))  # fmt: skip
kept_started = st.builds(
    lambda number, more: {"ProvisionedConcurrentExecutions": number, **more},
    st.sampled_from([1, 2]),
    st.one_of(st.just({}), scaled.map(lambda one: {"autoscaling": one})),
)
ACCOUNT_ROOT = "arn:aws:iam::123456789012:root"
BY_URL = "lambda:InvokeFunctionUrl"
SOURCES = {"SourceArn": "arn:aws:s3:::uploads", "SourceAccount": "123456789012", "PrincipalOrgID": "o-1234567890"}
statement = st.builds(
    lambda action, principal, more: {
        **more,
        "Action": BY_URL if "FunctionUrlAuthType" in more else action,
        "Principal": principal,
    },
    st.sampled_from(["lambda:InvokeFunction", BY_URL, "lambda:*"]),
    st.sampled_from(["*", "s3.amazonaws.com", "123456789012", ACCOUNT_ROOT, "arn:aws:iam::123456789012:role/lambda"]),
    some(
        **{member: st.just(value) for member, value in SOURCES.items()},
        FunctionUrlAuthType=st.sampled_from(["NONE", "AWS_IAM"]),
        InvokedViaFunctionUrl=st.booleans(),
        EventSourceToken=st.sampled_from(["a.b", "c"]),
    ),
)
policy = st.dictionaries(st.sampled_from(["one", "two", "Three-3"]), statement, max_size=3)
denied = st.builds(
    lambda principal, action, more: {"Effect": "Deny", "Principal": principal, "Action": action, "Resource": ARN.format("lambda", "function:law"), **more},
    st.sampled_from(["*", {"AWS": "*"}, {"AWS": ["123456789012", "arn:aws:iam::210987654321:root"], "Service": "s3.amazonaws.com"}]),
    st.sampled_from(["lambda:*", ["lambda:InvokeFunction"], ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]]),
    some(Condition=st.sampled_from([{}, {"Bool": {"aws:SecureTransport": False}}, {"StringEquals": {"AWS:SourceAccount": ["123456789012"], "aws:PrincipalOrgID": "o-1234567890"}}])),
)  # fmt: skip
whole_policy = st.dictionaries(st.sampled_from(["one", "four"]), denied, min_size=1, max_size=2).map(
    lambda named: {
        "policy": {"Version": "2012-10-17", "Statement": [{"Sid": sid, **said} for sid, said in named.items()]}
    }
)
SCALES = [{"MinExecutionEnvironments": least, "MaxExecutionEnvironments": most} for least, most in ((0, 0), (3, 20))]
SIGNING = [ARN.format("lambda", f"code-signing-config:csc-0123456789abcdef{letter}") for letter in "gh"]
PINNED = "arn:aws:lambda:us-west-2::runtime:" + "0123456789abcdef" * 4
runtime_management = st.sampled_from([{}, {"UpdateRuntimeOn": "Auto"}, {"UpdateRuntimeOn": "FunctionUpdate"}, {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": PINNED}])  # fmt: skip
common: dict[str, st.SearchStrategy[Any]] = {
    "Enabled": st.booleans(),
    "FilterCriteria": st.sampled_from([{}, {"Filters": []}, {"Filters": [{"Pattern": '{"b": [1], "a": [2]}'}, {"Pattern": '{"c":["d"]}'}]}]),
    "FunctionResponseTypes": st.sampled_from([[], ["ReportBatchItemFailures"]]),
    "KMSKeyArn": st.sampled_from(["", ARN.format("kms", "key/3")]),
    "MetricsConfig": st.sampled_from([{}, {"Metrics": ["EventCount"]}]),
    "Tags": st.dictionaries(st.sampled_from(["team", "cost"]), st.sampled_from(["a", "b"]), max_size=2),
}  # fmt: skip
queue = some(
    **common,
    BatchSize=st.sampled_from([1, 10]),
    MaximumBatchingWindowInSeconds=st.sampled_from([0, 5]),
    ScalingConfig=st.sampled_from([{}, {"MaximumConcurrency": 5}]),
).map(lambda more: {"EventSourceArn": ARN.format("sqs", "orders"), **more})
stream = some(
    **common,
    BatchSize=st.sampled_from([1, 100]),
    BisectBatchOnFunctionError=st.booleans(),
    DestinationConfig=st.sampled_from(
        [{}, {"OnFailure": {}}, {"OnFailure": {"Destination": ARN.format("sqs", "dead")}}]
    ),
    MaximumBatchingWindowInSeconds=st.sampled_from([0, 3]),
    MaximumRecordAgeInSeconds=st.sampled_from([-1, 60]),
    MaximumRetryAttempts=st.sampled_from([-1, 0, 5]),
    ParallelizationFactor=st.sampled_from([1, 4]),
    TumblingWindowInSeconds=st.sampled_from([0, 30]),
).map(lambda more: {"EventSourceArn": ARN.format("kinesis", "stream/clicks"), "StartingPosition": "LATEST", **more})
mapping_of = {"orders": queue, "clicks": stream}


@st.composite
def specs(draw: st.DrawFn, has: st.SearchStrategy[bool] = st.booleans()) -> dict[str, Any]:  # noqa: B008  frozen
    """One valid spec document, of any sections; `has` says of each whether it is there."""
    document: dict[str, Any] = {
        "function": "law",
        "configuration": draw(configuration),
        "code": draw(code),
        "publish": True,
    }
    if draw(has):
        document["tags"] = draw(
            st.dictionaries(st.sampled_from(["team", "cost", "a/b"]), st.sampled_from(["x", "y"]), max_size=3)
        )
    if draw(has):
        document["aliases"] = draw(aliases)
    if draw(has):
        labels = draw(st.sets(st.sampled_from(["orders", "clicks"])))
        names = [None, *document.get("aliases", {})]
        mappings = {label: draw(mapping_of[label]) for label in sorted(labels)}
        for mapping in mappings.values():
            name = draw(st.sampled_from(names))
            mapping |= {"alias": name} if name else {}
        document["event_source_mappings"] = mappings
    if draw(has):
        document["code_signing"] = draw(some(CodeSigningConfigArn=st.sampled_from(SIGNING)))
    if draw(has):
        document["recursion"] = draw(some(RecursiveLoop=st.sampled_from(["Allow", "Terminate"])))
    if draw(has):
        document["scaling"] = {"1": draw(st.sampled_from([{}, *SCALES]))}
    if draw(has):
        document["runtime_management"] = draw(runtime_management)
    if draw(has):
        document["log_group"] = draw(
            some(retention_days=st.sampled_from([1, 3653]), kms_key=st.just(ARN.format("kms", "key/4")))
        )
    if draw(has):
        document["concurrency"] = draw(some(ReservedConcurrentExecutions=st.sampled_from([0, 1, 890])))
    if draw(has):
        served = draw(st.sets(st.sampled_from(["$LATEST", *document.get("aliases", {})])))
        document["urls"] = {name: draw(url) for name in sorted(served)}
    if draw(has):
        invoked = draw(st.sets(st.sampled_from(["$LATEST", "1", *document.get("aliases", {})])))
        document["event_invoke"] = {name: draw(asynchronous) for name in sorted(invoked)}
    if draw(has):
        open_to = draw(st.sets(st.sampled_from(["$LATEST", "1", *document.get("aliases", {})])))
        document["permissions"] = {name: draw(policy | whole_policy) for name in sorted(open_to)}
    if draw(has):
        following = {one["FunctionVersion"]: name for name, one in document.get("aliases", {}).items()}
        names = [name for version, name in sorted(following.items()) if version == "published"] or ["1"]
        document["provisioned_concurrency"] = {
            name: draw(kept_started) for name in draw(st.sets(st.sampled_from(names)))
        }
        if document.get("concurrency"):
            document["concurrency"] = {"ReservedConcurrentExecutions": 890}
    for one in document.get("aliases", {}).values():
        if one["FunctionVersion"] in ("$LATEST", "1"):
            one.pop("RoutingConfig", None)
    return document


def drops_an_alias_that_is_invoked(before: dict[str, Any] | None, after: dict[str, Any]) -> bool:
    """Whether `after` takes an alias from mappings or a URL that it does not own: that is refused, so nothing is applied."""
    if "aliases" not in after:
        return False
    held = {section: entries for section, entries in (before or {}).items() if section not in after}
    mappings = held.get("event_source_mappings", {}).values()
    invoked = {mapping["alias"] for mapping in mappings if "alias" in mapping}
    invoked |= {
        name for section in ("urls", "event_invoke", "provisioned_concurrency") for name in held.get(section, {})
    } - {"$LATEST", "1"}
    invoked |= {name for name, policy in held.get("permissions", {}).items() if policy} - {"$LATEST", "1"}
    return not invoked <= set(after["aliases"])


def reserves_less_than_is_kept_started(before: dict[str, Any] | None, after: dict[str, Any]) -> bool:
    """Whether `after` says nothing of what is kept started and reserves less: AWS refuses that."""
    started = (before or {}).get("provisioned_concurrency", {}) if "provisioned_concurrency" not in after else {}
    return bool(started) and after.get("concurrency", {}).get("ReservedConcurrentExecutions", 890) < 890


DRAWS = [pytest.param(12, id="a few"), pytest.param(80, id="many", marks=pytest.mark.sweep)]


def drawn(count: int) -> settings:
    return settings(deadline=None, max_examples=count, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Path]]:
    """One sandbox for all draws, emptied between them."""
    folder = tmp_path_factory.mktemp("law")
    (folder / "reconcile.yaml").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as monkeypatch, opened(monkeypatch) as sandbox:
        yield sandbox, folder


def workspace(folder: Path, document: dict[str, Any]) -> Workspace:
    (folder / "law.json.yaml").write_text(json.dumps(document))
    return read([folder])


class Applied:
    """A workspace on the sandbox, with one connection for all draws."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        config = Config("reconcile.yaml", {"test": Account("test", is_enabled=True)})
        self.aws = connect(config, ["test"])

    def plan(self, document: dict[str, Any]) -> tuple[Plan, tuple[Spec, ...]]:
        found = workspace(self.folder, document)
        return plan(found.specs.specs, live_snapshot(found, self.aws), Policy()), found.specs.specs

    def apply(self, document: dict[str, Any]) -> Plan:
        made, _ = self.plan(document)
        assert not [note for note in made.diagnostics if note.severity == "refusal"], made.diagnostics
        provenance = {"tool": "", "version": "", "commit": None, "branch": None, "dirty": None}
        ending = run_plan(
            made, plan_document(made, provenance), self.aws, command="apply", folder=self.folder / "reports", stop=Stop(),
            tell=lambda *_: None, refused={},
        )  # fmt: skip
        assert ending.exit_code == 0, ending.report["tasks"]
        return made

    def forget(self) -> None:
        region, _ = self.sandbox.gate.region("123456789012", REGION)
        region.functions.clear()
        region.mappings.clear()
        region.scalable_targets.clear()
        moto_adapter.log_groups("123456789012", REGION).clear()
        self.sandbox.requests.clear()


@pytest.fixture(scope="module")
def applied(shared: tuple[Sandbox, Path]) -> Applied:
    sandbox, folder = shared
    stocking = {
        "function": "law", "configuration": {"Role": "arn:aws:iam::123456789012:role/lambda"},
        "event_source_mappings": {
            "a": {"EventSourceArn": ARN.format("sqs", "orders")},
            "b": {"EventSourceArn": ARN.format("kinesis", "stream/clicks"), "StartingPosition": "LATEST"},
        },
    }  # fmt: skip
    for key, signing in zip(("v1.zip", "v2.zip", "v3.zip"), (*SIGNING, SIGNING[0]), strict=True):
        fill(sandbox, workspace(folder, stocking | {"code_signing": {"CodeSigningConfigArn": signing}, "code": {"S3Bucket": "artifacts", "S3Key": key}, "configuration": {"Runtime": "python3.13", "Handler": "lambda_function.lambda_handler", "Role": "arn:aws:iam::123456789012:role/lambda", "Layers": LAYERS, "VpcConfig": {"SubnetIds": ["subnet-a", "subnet-b"], "SecurityGroupIds": ["sg-1", "sg-2"]}}}))  # fmt: skip
    return Applied(sandbox, folder)


@pytest.mark.parametrize("draws", DRAWS)
def test_apply_then_plan_is_empty_from_any_state(applied: Applied, draws: int) -> None:
    @drawn(draws)
    @given(before=st.none() | specs(), after=specs())
    def holds(before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        assume(not drops_an_alias_that_is_invoked(before, after))
        assume(not reserves_less_than_is_kept_started(before, after))
        applied.forget()
        if before:
            applied.apply(before)
        applied.apply(after)
        assert not any(request.status >= 400 and request.is_write for request in applied.sandbox.requests)
        applied.sandbox.requests.clear()
        second, _ = applied.plan(after)
        assert [operation.name for target in second.targets for operation in target.operations] == []
        assert all(action.verb == "none" for target in second.targets for action in target.actions)
        applied.apply(after)
        assert applied.sandbox.writes == []

    holds()


def held(applied: Applied, document: dict[str, Any]) -> dict[str, Any]:
    """What AWS holds of everything that the document owns, in normal form, without the numbers of versions."""
    found = workspace(applied.folder, document)
    state = {}
    for live in live_snapshot(found, applied.aws).resources:
        kind = KINDS[live.key.kind]
        full = kind.normal(live.properties, "law")
        if kind.name == "version":
            continue
        full.pop("FunctionVersion", None)
        if scaled := full.get("autoscaling"):
            full.pop("ProvisionedConcurrentExecutions", None)  # what it was scaled to stays
            for bound in ("MinCapacity", "MaxCapacity"):  # as does one that an action may have set
                if scaled[bound] in [action.get(bound) for action in scaled["scheduled"].values()]:
                    scaled.pop(bound)
        full.pop("Tags", None)  # a mapping's tags are managed where its spec names them
        name = full["EventSourceArn"] if kind.name == "event_source_mapping" else live.key.name
        state[f"{kind.name}/{name}"] = {
            section: full[section] for section in full if section in document or live.key.kind != "function"
        }
    return state


@pytest.mark.parametrize("draws", DRAWS)
def test_what_aws_holds_does_not_depend_on_where_it_came_from(applied: Applied, draws: int) -> None:
    @drawn(draws)
    @given(before=specs(), after=specs())
    def holds(before: dict[str, Any], after: dict[str, Any]) -> None:
        applied.forget()
        nothing: dict[str, Any] = {section: {} for section in (*NAMED_SECTIONS, "tags") if section != "versions"}
        applied.apply(nothing | before)
        whole = nothing | after
        applied.apply(whole)
        changed = held(applied, whole)
        applied.forget()
        applied.apply(whole)
        assert changed == held(applied, whole)

    holds()


@pytest.mark.parametrize("draws", DRAWS)
def test_a_saved_snapshot_gives_the_same_plan_and_documents_round_trip(applied: Applied, draws: int) -> None:
    @drawn(draws)
    @given(before=specs(), after=specs())
    def holds(before: dict[str, Any], after: dict[str, Any]) -> None:
        from jsonschema import Draft202012Validator

        applied.forget()
        applied.apply(before)
        found = workspace(applied.folder, after)
        live = live_snapshot(found, applied.aws)
        made = plan(found.specs.specs, live, Policy())
        again = plan(reversed(found.specs.specs), live, Policy())
        assert made == again
        document = json.loads(json.dumps(snapshot_document(live, "0123456789abcdef" * 2, found.specs.specs)))
        Draft202012Validator(SNAPSHOT).validate(document)
        offline = plan(found.specs.specs, snapshot_from(document, found.specs.specs), Policy())
        provenance = {"tool": "x", "version": "1", "commit": None, "branch": None, "dirty": None}
        one, two = plan_document(made, provenance), plan_document(offline, provenance)
        assert one["targets"] == two["targets"]
        one["snapshot"]["digest"] = "0" * 64
        Draft202012Validator(PLAN).validate(json.loads(document_json(one)))

    holds()
