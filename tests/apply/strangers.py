"""Somebody else in the account: what they may do, and when, while an apply runs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any

from botocore.exceptions import ClientError

from reconciler.sandbox.around import moto_adapter
from tests.conftest import ACCOUNT, REGION, ROLE, House

MARK = "reconcile:managed-by"
GROUP = "/aws/lambda/checkout"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:checkout"
SIGNING, OTHER_SIGNING = (
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0123456789abcdef{letter}" for letter in "gh"
)
PATCH = f"arn:aws:lambda:{REGION}::runtime:0123456789abcdef"
Act = Callable[[House], Any]
Due = Callable[[int, str, str], bool]


def zip_of(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            zipfile.ZipInfo("lambda_function.py"), text
        )  # of no time, so that it is the same bytes whenever it is made
    return buffer.getvalue()


def logs(house: House) -> Any:
    return house.sandbox.clients.get("logs", ACCOUNT, REGION)


def scaling(house: House) -> Any:
    return house.sandbox.clients.get("application-autoscaling", ACCOUNT, REGION)


def each_mapping(house: House, act: Callable[[str], Any]) -> None:
    for item in house.lambda_.list_event_source_mappings()["EventSourceMappings"]:
        if item["State"] in ("Enabled", "Disabled"):
            act(item["UUID"])


SCALED = {
    "ServiceNamespace": "lambda",
    "ResourceId": "function:checkout:live",
    "ScalableDimension": "lambda:function:ProvisionedConcurrency",
}
LIVE = {"FunctionName": "checkout", "Qualifier": "live"}
INVOKE = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}


def change_statement(house: House) -> None:
    house.lambda_.remove_permission(**LIVE, StatementId="bucket")
    house.lambda_.add_permission(**LIVE, StatementId="bucket", **INVOKE, SourceArn="arn:aws:s3:::theirs")


def create_again(house: House) -> None:
    house.lambda_.delete_function(FunctionName="checkout")
    house.lambda_.create_function(
        FunctionName="checkout", Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE, Publish=True,
        Code={"ZipFile": zip_of("theirs")}, MemorySize=555,
    )  # fmt: skip


ACTS: Mapping[str, Act] = {
    "configuration": lambda house: house.lambda_.update_function_configuration(FunctionName="checkout", MemorySize=777),
    "environment": lambda house: house.lambda_.update_function_configuration(
        FunctionName="checkout", Environment={"Variables": {"THEIRS": "1"}}
    ),
    "code": lambda house: house.lambda_.update_function_code(FunctionName="checkout", ZipFile=zip_of("theirs")),
    "code and version": lambda house: house.lambda_.update_function_code(
        FunctionName="checkout", ZipFile=zip_of("theirs"), Publish=True
    ),
    "version": lambda house: house.lambda_.publish_version(FunctionName="checkout"),
    "alias": lambda house: house.lambda_.update_alias(
        FunctionName="checkout", Name="live", FunctionVersion="$LATEST", RoutingConfig={"AdditionalVersionWeights": {}}
    ),
    "alias gone": lambda house: house.lambda_.delete_alias(FunctionName="checkout", Name="live"),
    "tag": lambda house: house.lambda_.tag_resource(Resource=ARN, Tags={"theirs": "1"}),
    "owner mark": lambda house: house.lambda_.tag_resource(Resource=ARN, Tags={MARK: "bakery"}),
    "mapping": lambda house: each_mapping(
        house, lambda uuid: house.lambda_.update_event_source_mapping(UUID=uuid, MaximumBatchingWindowInSeconds=9)
    ),
    "mapping off": lambda house: each_mapping(
        house, lambda uuid: house.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    ),
    "mapping gone": lambda house: each_mapping(
        house, lambda uuid: house.lambda_.delete_event_source_mapping(UUID=uuid)
    ),
    "url": lambda house: house.lambda_.update_function_url_config(
        FunctionName="checkout", Qualifier="live", AuthType="NONE", Cors={"AllowOrigins": ["*"]}
    ),
    "url gone": lambda house: house.lambda_.delete_function_url_config(FunctionName="checkout", Qualifier="live"),
    "retention": lambda house: logs(house).put_retention_policy(logGroupName=GROUP, retentionInDays=90),
    "retention gone": lambda house: logs(house).delete_retention_policy(logGroupName=GROUP),
    "log group gone": lambda house: logs(house).delete_log_group(logGroupName=GROUP),
    "log group": lambda house: logs(house).create_log_group(logGroupName=GROUP),
    "concurrency": lambda house: house.lambda_.put_function_concurrency(
        FunctionName="checkout", ReservedConcurrentExecutions=77
    ),
    "concurrency gone": lambda house: house.lambda_.delete_function_concurrency(FunctionName="checkout"),
    "code signing": lambda house: house.lambda_.put_function_code_signing_config(
        FunctionName="checkout", CodeSigningConfigArn=OTHER_SIGNING
    ),
    "code signing gone": lambda house: house.lambda_.delete_function_code_signing_config(FunctionName="checkout"),
    "recursion": lambda house: house.lambda_.put_function_recursion_config(
        FunctionName="checkout", RecursiveLoop="Terminate"
    ),
    "runtime": lambda house: house.lambda_.put_runtime_management_config(
        FunctionName="checkout", UpdateRuntimeOn="Manual", RuntimeVersionArn=PATCH
    ),
    "asynchronous": lambda house: house.lambda_.put_function_event_invoke_config(
        FunctionName="checkout", Qualifier="live", MaximumRetryAttempts=0
    ),
    "asynchronous gone": lambda house: house.lambda_.delete_function_event_invoke_config(
        FunctionName="checkout", Qualifier="live"
    ),
    "provisioned": lambda house: house.lambda_.put_provisioned_concurrency_config(
        **LIVE, ProvisionedConcurrentExecutions=4
    ),
    "provisioned gone": lambda house: house.lambda_.delete_provisioned_concurrency_config(**LIVE),
    "scaling": lambda house: scaling(house).register_scalable_target(**SCALED, MinCapacity=1, MaxCapacity=9),
    "scaling gone": lambda house: scaling(house).deregister_scalable_target(**SCALED),
    "scaling policy gone": lambda house: scaling(house).delete_scaling_policy(**SCALED, PolicyName="use"),
    "statement": lambda house: house.lambda_.add_permission(**LIVE, StatementId="theirs", **INVOKE),
    "statement changed": change_statement,
    "statement gone": lambda house: house.lambda_.remove_permission(**LIVE, StatementId="bucket"),
    "policy": lambda house: house.lambda_.add_permission(FunctionName="checkout", StatementId="theirs", **INVOKE),
    "policy gone": lambda house: house.lambda_.delete_resource_policy(ResourceArn=ARN),
    "function gone": lambda house: house.lambda_.delete_function(FunctionName="checkout"),
    "function created again": create_again,
}


class Stranger:
    """Acts once, right before or after a request of somebody else's. `requests` are all that were made meanwhile."""

    def __init__(self, house: House) -> None:
        self.house, self.gate = house, house.sandbox.gate
        self.requests: list[str] = []
        self._act: Act | None = None
        self._is_due: Due = lambda *_: False
        self._listen()

    def waits(self, act: Act | None, is_due: Due) -> None:
        """To act at the first request of which `is_due(its number, its operation, "before" or "after")` says so."""
        self.requests, self._act, self._is_due = [], act, is_due

    def leaves(self) -> bool:
        """Nothing more will be done; whether something was."""
        has_acted, self._act = self._act is None, None
        return has_acted

    def _listen(self) -> None:
        self.gate.watch = lambda operation, _: self._seen(operation, "before")
        self.gate.watch_answer = lambda operation, _params, _status: self._seen(operation, "after")

    def _seen(self, operation: str, when: str) -> None:
        self.requests += [operation] if when == "before" else []
        if self._act and self._is_due(len(self.requests) - 1, operation, when):
            act, self._act = self._act, None
            self.gate.watch, self.gate.watch_answer = (lambda *_: None), (lambda *_: None)
            with suppress(ClientError):  # what AWS refuses to them does not happen
                act(self.house)
            self._listen()


class Kept:
    """What AWS holds, to be put back."""

    def __init__(self, house: House) -> None:
        self.region, self.lock = house.sandbox.gate.region(ACCOUNT, REGION)
        self.functions, self.mappings = deepcopy(self.region.functions), deepcopy(self.region.mappings)
        self.targets = deepcopy(self.region.scalable_targets)
        self.groups = deepcopy(moto_adapter.log_groups(ACCOUNT, REGION))

    def put_back(self) -> None:
        with self.lock:
            groups = moto_adapter.log_groups(ACCOUNT, REGION)
            for held, kept in (
                (self.region.functions, self.functions), (self.region.mappings, self.mappings),
                (self.region.scalable_targets, self.targets), (groups, self.groups),
            ):  # fmt: skip
                held.clear()
                held.update(deepcopy(kept))  # type: ignore[arg-type]
