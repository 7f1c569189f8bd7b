"""The sandbox's front door, to Lambda and to what is beside it: one request in, one answer out, through faults, throttling, locks
and the log.

It knows accounts and regions, the order of these steps, and which function carries out which operation; what an operation does
is said elsewhere.
"""

from __future__ import annotations

import random
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox.around import logs
from reconciler.sandbox.around.faults import Fault, Script, Throttle
from reconciler.sandbox.cloudwatch.flow import Flow
from reconciler.sandbox.cloudwatch.written import Traffic
from reconciler.sandbox.http import rpc, wire
from reconciler.sandbox.http.log import Logged, RequestLog, hidden
from reconciler.sandbox.http.wire import Request, Response, scope
from reconciler.sandbox.lambda_ import (
    aliases,
    autoscaling,
    capacity_providers,
    code_signing,
    concurrency,
    constraints,
    durable,
    event_invoke,
    functions,
    invoke,
    layers,
    management,
    mappings,
    policies,
    provisioned,
    tags,
    urls,
    versions,
)
from reconciler.sandbox.lambda_.state import Region, World, new_id
from reconciler.sandbox.refusals import Refused, Reset, not_spoken

Operation = Callable[[Region, Mapping[str, Any], float], dict[str, Any]]
Perform = Callable[[str, Mapping[str, Any], str], dict[str, Any]]
Told = Callable[[list[Logged], Mapping[str, Any], float], dict[str, Any]]
Watch = Callable[[str, Mapping[str, Any]], None]
WatchAnswer = Callable[[str, Mapping[str, Any], int], None]

OPERATIONS: Mapping[str, Operation] = {
    "AddLayerVersionPermission": layers.add_permission,
    "AddPermission": policies.add_permission,
    "CheckpointDurableExecution": durable.checkpoint,
    "CreateAlias": aliases.create_alias,
    "CreateCapacityProvider": capacity_providers.create,
    "CreateCodeSigningConfig": code_signing.create,
    "CreateEventSourceMapping": mappings.create,
    "CreateFunction": functions.create_function,
    "CreateFunctionUrlConfig": urls.create_url,
    "DeleteAlias": aliases.delete_alias,
    "DeleteCapacityProvider": capacity_providers.delete,
    "DeleteCodeSigningConfig": code_signing.delete,
    "DeleteDurableExecution": durable.missing,
    "DeleteEventSourceMapping": mappings.delete,
    "DeleteFunction": functions.delete_function,
    "DeleteFunctionCodeSigningConfig": code_signing.delete_link,
    "DeleteFunctionConcurrency": concurrency.delete_concurrency,
    "DeleteFunctionEventInvokeConfig": event_invoke.delete,
    "DeleteFunctionUrlConfig": urls.delete_url,
    "DeleteLayerVersion": layers.delete_version,
    "DeleteProvisionedConcurrencyConfig": provisioned.delete,
    "DeleteResourcePolicy": policies.delete_resource_policy,
    "GetAccountSettings": concurrency.get_account_settings,
    "GetAlias": aliases.get_alias,
    "GetCapacityProvider": capacity_providers.get,
    "GetCodeSigningConfig": code_signing.get,
    "GetDurableExecution": durable.missing,
    "GetDurableExecutionHistory": durable.missing,
    "GetDurableExecutionState": durable.checkpoint,
    "GetEventSourceMapping": mappings.get,
    "GetFunction": functions.get_function,
    "GetFunctionCodeSigningConfig": code_signing.get_link,
    "GetFunctionConcurrency": concurrency.get_concurrency,
    "GetFunctionConfiguration": functions.get_function_configuration,
    "GetFunctionEventInvokeConfig": event_invoke.get,
    "GetFunctionRecursionConfig": management.get_recursion,
    "GetFunctionScalingConfig": management.get_scaling,
    "GetFunctionUrlConfig": urls.get_url,
    "GetLayerVersion": layers.get_version,
    "GetLayerVersionByArn": layers.get_version_by_arn,
    "GetLayerVersionPolicy": layers.get_policy,
    "GetPolicy": policies.get_policy,
    "GetProvisionedConcurrencyConfig": provisioned.get,
    "GetResourcePolicy": policies.get_resource_policy,
    "GetRuntimeManagementConfig": management.get_runtime,
    "ListAliases": aliases.list_aliases,
    "ListCapacityProviders": capacity_providers.list_all,
    "ListCodeSigningConfigs": code_signing.list_all,
    "ListDurableExecutionsByFunction": durable.list_all,
    "ListEventSourceMappings": mappings.list_all,
    "ListFunctionEventInvokeConfigs": event_invoke.list_all,
    "ListFunctionUrlConfigs": urls.list_urls,
    "ListFunctionVersionsByCapacityProvider": capacity_providers.list_versions,
    "ListFunctions": functions.list_functions,
    "ListFunctionsByCodeSigningConfig": code_signing.list_functions,
    "ListLayerVersions": layers.list_versions,
    "ListLayers": layers.list_layers,
    "ListProvisionedConcurrencyConfigs": provisioned.list_all,
    "ListTags": tags.list_tags,
    "ListVersionsByFunction": versions.list_versions,
    "PauseDurableExecution": durable.missing,
    "PublishLayerVersion": layers.publish,
    "PublishVersion": functions.publish_version,
    "PutFunctionConcurrency": concurrency.put_concurrency,
    "PutFunctionCodeSigningConfig": code_signing.put_link,
    "PutFunctionEventInvokeConfig": event_invoke.put,
    "PutFunctionRecursionConfig": management.put_recursion,
    "PutFunctionScalingConfig": management.put_scaling,
    "PutProvisionedConcurrencyConfig": provisioned.put,
    "PutResourcePolicy": policies.put_resource_policy,
    "PutRuntimeManagementConfig": management.put_runtime,
    "RemoveLayerVersionPermission": layers.remove_permission,
    "RemovePermission": policies.remove_permission,
    "ResumeDurableExecution": durable.missing,
    "SendDurableExecutionCallbackFailure": durable.missing,
    "SendDurableExecutionCallbackHeartbeat": durable.missing,
    "SendDurableExecutionCallbackSuccess": durable.missing,
    "StopDurableExecution": durable.missing,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateAlias": aliases.update_alias,
    "UpdateCapacityProvider": capacity_providers.update,
    "UpdateCodeSigningConfig": code_signing.update,
    "UpdateEventSourceMapping": mappings.update,
    "UpdateFunctionCode": functions.update_code,
    "UpdateFunctionConfiguration": functions.update_configuration,
    "UpdateFunctionEventInvokeConfig": event_invoke.update,
    "UpdateFunctionUrlConfig": urls.update_url,
}
# Of an answer: which resource it is.
TELLING = ("FunctionArn", "EventSourceArn", "UUID")
# What runs code, and holds no lock meanwhile.
INVOCATIONS: Mapping[str, Callable[[invoke.Invocation], dict[str, Any]]] = {
    "Invoke": invoke.answered,
    "InvokeAsync": invoke.queued,
    "InvokeWithResponseStream": invoke.streamed,
}
# What is beside Lambda and is answered here, by the name that its requests are signed for; all else of it is moto's.
BESIDE: Mapping[str, Mapping[str, Callable[[str, str, Mapping[str, Any]], dict[str, Any]]]] = {"logs": logs.OPERATIONS}
# The same of what belongs to a region's functions, and is kept with them.
OF_FUNCTIONS: Mapping[str, Mapping[str, Operation]] = {
    "application-autoscaling": {**autoscaling.OPERATIONS, **autoscaling.TAGGING}
}


@dataclass(frozen=True, slots=True)
class Tongue:
    """How requests of an API are understood and answered."""

    routed: Callable[[Request], tuple[str, Mapping[str, str]]]
    parsed: Callable[[Request, str, Mapping[str, str]], dict[str, Any]]
    written: Callable[[str, Mapping[str, Any], str], Response]
    refusal: Callable[[Refused, str], Response]


class Gate:
    """All regions of all accounts.

    `clock` gives seconds since the epoch. `watch(operation, params)` is called before each request is carried out, and
    `watch_answer(operation, params, status)` before its answer leaves; either may raise Refused or Reset in the request's place.
    """

    def __init__(
        self,
        world: Callable[[str, str], World],
        *,
        settle_seconds: float,
        throttle: bool,
        faults: Iterable[Fault],
        log_path: Path | None,
        clock: Callable[[], float],
        watch: Watch = lambda *_: None,
        watch_answer: WatchAnswer = lambda *_: None,
        seed: int = 0,
        traffic: Traffic | None = None,
    ) -> None:
        self.log = RequestLog(log_path)
        self.watch = watch
        self.watch_answer = watch_answer
        self.clock = clock
        self.script = Script(faults)
        self._world = world
        self._settle_seconds = settle_seconds
        self._throttle = Throttle() if throttle else None
        self._traffic, self._began = traffic, clock()
        self._regions: dict[tuple[str, str], tuple[Region, threading.RLock]] = {}
        self._lock, self._beside = threading.Lock(), threading.Lock()
        self.chance = random.Random(seed)  # noqa: S311  which version of a weighted alias runs

    @property
    def requests(self) -> list[Logged]:
        return self.log.requests

    def close(self) -> None:
        self.log.close()

    def region(self, account: str, region: str) -> tuple[Region, threading.RLock]:
        """Lambda of an account and region, with the lock that whoever touches it must hold."""
        with self._lock:
            key = (account, region)
            if key not in self._regions:
                state = Region(
                    account, region, self._world(account, region), self._settle_seconds,
                    elsewhere=lambda account, region: self.region(account, region)[0],
                    flow=Flow(self._traffic, self._began) if self._traffic else None,
                )  # fmt: skip
                self._regions[key] = (state, threading.RLock())
            return self._regions[key]

    def regions(self, name: str) -> list[tuple[Region, threading.RLock]]:
        """Lambda of all accounts in a region, as far as it was ever asked."""
        with self._lock:
            return [held for (_, region), held in self._regions.items() if region == name]

    def answer(self, request: Request, account: str, region: str) -> Response:
        """The response to a request for Lambda. Raises Reset where a fault wants the connection broken."""

        def perform(operation: str, params: Mapping[str, Any], failure: str) -> dict[str, Any]:
            if operation not in OPERATIONS and operation not in INVOCATIONS:
                raise not_spoken(operation)
            self._take_turn(account, region, operation)
            constraints.check(operation, params)
            return self._performed(operation, params, account, region, failure)

        return self._answered(LAMBDAS, perform, request, account, region)

    def answer_beside(self, api: str, request: Request, account: str, region: str) -> Response:
        """The response to a request for one of the operations in `BESIDE` or `OF_FUNCTIONS`."""

        def perform(operation: str, params: Mapping[str, Any], failure: str) -> dict[str, Any]:
            return self.carry_out(api, operation, params, account, region, failure)

        return self._answered(OTHERS, perform, request, account, region)

    def answer_about(self, operations: Mapping[str, Told], request: Request, account: str, region: str) -> Response:
        """The response to a request about what was asked before."""

        def perform(operation: str, params: Mapping[str, Any], _failure: str) -> dict[str, Any]:
            self._take_turn(account, region, operation)
            requests = [one for one in list(self.log.trail) if (one.account, one.region) == (account, region)]
            return operations[operation](requests, params, self.clock())

        return self._answered(OTHERS, perform, request, account, region)

    def answer_in(
        self, tongue: Tongue, operations: Mapping[str, Operation], request: Request, account: str, region: str
    ) -> Response:
        """The response to a request for one of these operations, which are of what is kept with a region's functions."""

        def perform(operation: str, params: Mapping[str, Any], failure: str) -> dict[str, Any]:
            self._take_turn(account, region, operation)
            return self._held(operations[operation], params, account, region, failure)

        return self._answered(tongue, perform, request, account, region)

    def _take_turn(self, account: str, region: str, operation: str) -> None:
        """Raises what AWS answers to calls that come too fast."""
        if self._throttle:
            self._throttle.take(account, region, operation, self.clock())

    def carry_out(
        self, api: str, operation: str, params: Mapping[str, Any], account: str, region: str, failure: str = ""
    ) -> dict[str, Any]:
        """What an operation answers by itself, whether or not anybody has sent it: it is not put on record, and no fault meets it but a
        `failure` of the update that it begins. Raises Refused."""
        if operation in BESIDE.get(api, ()):
            with self._beside:
                return BESIDE[api][operation](account, region, params)
        operations = OF_FUNCTIONS.get(api, OPERATIONS)
        return self._held(operations[operation], params, account, region, failure)

    def _answered(self, tongue: Tongue, perform: Perform, request: Request, account: str, region: str) -> Response:
        request_id, operation, params, result = new_id(), "", dict[str, Any](), dict[str, Any]()

        def note(status: int, code: str) -> None:
            shown = hidden(operation, params) if operation else {}
            key, agent = scope(request.headers)[0], request.headers.get("user-agent", "")
            answered = {name: result[name] for name in TELLING if name in result}
            self.log.note(Logged(operation, account, region, shown, self.clock(), status, code, agent, key, answered))

        try:
            operation, in_path = tongue.routed(request)
            params = tongue.parsed(request, operation, in_path)
            result = self._carried_out(operation, params, perform)
            response = tongue.written(operation, result, request_id)
            self.watch_answer(operation, params, response.status)
            note(response.status, "")
        except Refused as refused:
            response = tongue.refusal(refused, request_id)
            note(response.status, refused.code)
        except Reset:
            note(0, "Reset")
            raise
        except Exception as error:  # a mistake of ours: say so in the answer and in full on stderr
            sys.stderr.write(traceback.format_exc())
            broken = Refused("ServiceException", f"the sandbox itself failed: {type(error).__name__}", 500)
            response = tongue.refusal(broken, request_id)
            note(500, "SandboxFailed")
        return response

    def _carried_out(self, operation: str, params: Mapping[str, Any], perform: Perform) -> dict[str, Any]:
        self.watch(operation, params)
        faults = self.script.faults_of(operation)
        _strike(fault for fault in faults if fault.when == "before")
        answered = perform(operation, params, next((fault.fails for fault in faults if fault.fails), ""))
        _strike(fault for fault in faults if fault.when == "after")
        return answered

    def _performed(
        self, operation: str, params: Mapping[str, Any], account: str, region: str, failure: str
    ) -> dict[str, Any]:
        if operation in OPERATIONS:
            return self._held(OPERATIONS[operation], params, account, region, failure)
        state, lock = self.region(account, region)
        with lock:
            state.advance(self.clock())
            invocation = invoke.prepared(state, params, self.chance)
        return INVOCATIONS[operation](invocation)

    def _held(
        self, operation: Operation, params: Mapping[str, Any], account: str, region: str, failure: str
    ) -> dict[str, Any]:
        """What an operation answers that changes a region by itself."""
        state, lock = self.region(account, region)
        with lock:
            now = self.clock()
            state.advance(now)
            state.upcoming_failure = failure
            answered = operation(state, params, now)
            state.advance(now)
            return answered


def _routed(request: Request) -> tuple[str, Mapping[str, str]]:
    route = wire.routed(request.method, request.path, request.query)
    if not route:
        message = f"{request.method} {request.path} is no operation of Lambda"
        raise Refused("UnknownOperationException", message, 404)
    return route


def is_answered_beside(api: str, request: Request) -> bool:
    """Whether a request for what is beside Lambda is answered here; of what belongs to functions, only that of functions, and what names
    nothing but an ARN."""
    operation = rpc.operation(request)
    namespaces = ("",) if operation in autoscaling.TAGGING else (autoscaling.NAMESPACE,)
    is_of_functions = operation in OF_FUNCTIONS.get(api, ()) and rpc.namespace(request) in namespaces
    return operation in BESIDE.get(api, ()) or is_of_functions


LAMBDAS = Tongue(_routed, wire.parsed, wire.written, wire.refusal)
OTHERS = Tongue(rpc.routed, rpc.parsed, rpc.written, rpc.refusal)


def _strike(faults: Iterable[Fault]) -> None:
    for fault in faults:
        if fault.latency_seconds:
            time.sleep(fault.latency_seconds)
        if fault.reset:
            raise Reset
        refusal = fault.refusal()
        if refusal:
            raise refusal
