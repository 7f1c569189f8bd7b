"""Lambda's front door in the sandbox: one request in, one answer out, through faults, throttling, locks and the log."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from reconciler import service
from reconciler.sandbox import aliases, functions, invoke, mappings, wire
from reconciler.sandbox.faults import Fault, Script, Throttle
from reconciler.sandbox.state import Region, World, new_id
from reconciler.sandbox.wire import Refused, Request, Response

Operation = Callable[[Region, Mapping[str, Any], float], dict[str, Any]]

OPERATIONS: Mapping[str, Operation] = {
    "AddPermission": aliases.add_permission,
    "CreateAlias": aliases.create_alias,
    "CreateEventSourceMapping": mappings.create,
    "CreateFunction": functions.create_function,
    "DeleteAlias": aliases.delete_alias,
    "DeleteEventSourceMapping": mappings.delete,
    "DeleteFunction": functions.delete_function,
    "DeleteFunctionConcurrency": functions.delete_concurrency,
    "GetAlias": aliases.get_alias,
    "GetEventSourceMapping": mappings.get,
    "GetFunction": functions.get_function,
    "GetFunctionConcurrency": functions.get_concurrency,
    "GetFunctionConfiguration": functions.get_function_configuration,
    "GetPolicy": aliases.get_policy,
    "ListAliases": aliases.list_aliases,
    "ListEventSourceMappings": mappings.list_all,
    "ListFunctions": functions.list_functions,
    "ListTags": functions.list_tags,
    "ListVersionsByFunction": functions.list_versions,
    "PublishVersion": functions.publish_version,
    "PutFunctionConcurrency": functions.put_concurrency,
    "RemovePermission": aliases.remove_permission,
    "TagResource": functions.tag_resource,
    "UntagResource": functions.untag_resource,
    "UpdateAlias": aliases.update_alias,
    "UpdateEventSourceMapping": mappings.update,
    "UpdateFunctionCode": functions.update_code,
    "UpdateFunctionConfiguration": functions.update_configuration,
}
READING = ("Get", "List", "Invoke")


class Reset(Exception):
    """The connection is to be broken without an answer."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One request of the log; sensitive params are hidden."""

    operation: str
    account: str
    region: str
    params: Mapping[str, Any]
    at: float
    status: int
    code: str

    @property
    def is_write(self) -> bool:
        return not self.operation.startswith(READING)


class Gate:
    """All regions of all accounts. `clock` gives seconds since the epoch; `watch(operation, params)` is called before each
    request is carried out."""

    def __init__(
        self,
        world: Callable[[str, str], World],
        *,
        settle_seconds: float,
        throttle: bool,
        faults: Iterable[Fault],
        log_path: Path | None,
        clock: Callable[[], float],
        watch: Callable[[str, Mapping[str, Any]], None] = lambda _, __: None,
    ) -> None:
        self.requests: list[Logged] = []
        self.watch = watch
        self.clock = clock
        self.script = Script(faults)
        self._world = world
        self._settle_seconds = settle_seconds
        self._throttle = Throttle() if throttle else None
        self._regions: dict[tuple[str, str], tuple[Region, threading.RLock]] = {}
        self._lock = threading.Lock()
        self._chance = random.Random(0)  # noqa: S311  which version of a weighted alias runs
        self._log: TextIO | None = log_path.open("a", encoding="utf-8") if log_path else None

    def close(self) -> None:
        if self._log:
            self._log.close()

    def region(self, account: str, region: str) -> tuple[Region, threading.RLock]:
        with self._lock:
            key = (account, region)
            if key not in self._regions:
                self._regions[key] = (
                    Region(account, region, self._world(account, region), self._settle_seconds),
                    threading.RLock(),
                )
            return self._regions[key]

    def answer(self, request: Request, account: str, region: str) -> Response:
        """The response to a request. Raises Reset where a fault wants the connection broken."""
        request_id = new_id()
        operation, params = "", dict[str, Any]()
        try:
            operation, params = wire.parsed(request)
            response = self._carried_out(operation, params, account, region, request_id)
            self._note(operation, params, account, region, response.status, "")
        except Refused as refused:
            response = wire.refusal(refused, request_id)
            self._note(operation, params, account, region, response.status, refused.code)
        except Reset:
            self._note(operation, params, account, region, 0, "Reset")
            raise
        return response

    def _carried_out(
        self, operation: str, params: Mapping[str, Any], account: str, region: str, request_id: str
    ) -> Response:
        self.watch(operation, params)
        struck = self.script.struck(operation)
        held, lock = self.region(account, region)
        self._strike(fault for fault in struck if fault.when == "before")
        if self._throttle:
            self._throttle.take(account, region, operation, self.clock())
        wire.validate(operation, params)
        with lock:
            now = self.clock()
            held.advance(now)
            held.upcoming_failure = next((fault.fails for fault in struck if fault.fails), "")
            if operation == "Invoke":
                invocation = invoke.prepared(held, params, self._chance)
            elif operation in OPERATIONS:
                answered = OPERATIONS[operation](held, params, now)
                held.advance(now)
            else:
                raise Refused("NotImplementedException", f"the sandbox does not speak {operation}", 501)
        if operation == "Invoke":
            answered = invoke.run(invocation)
        self._strike(fault for fault in struck if fault.when == "after")
        return wire.written(operation, answered, request_id)

    def _strike(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            if fault.latency_seconds:
                time.sleep(fault.latency_seconds)
            if fault.reset:
                raise Reset
            refusal = fault.refusal()
            if refusal:
                raise refusal

    def _note(
        self, operation: str, params: Mapping[str, Any], account: str, region: str, status: int, code: str
    ) -> None:
        hidden = service.seal_leaves(params, service.request(operation), lambda _: "(sensitive)") if operation else {}
        entry = Logged(operation, account, region, hidden, self.clock(), status, code)
        with self._lock:
            self.requests.append(entry)
            if self._log:
                line = {
                    "operation": operation,
                    "account": account,
                    "region": region,
                    "params": hidden,
                    "at": entry.at,
                    "status": status,
                    "code": code,
                }
                self._log.write(json.dumps(line, default=str) + "\n")
                self._log.flush()

    def marked(self, account: str, region: str, filters: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The tagging API's view of our functions: ARN and tags of those that all filters fit."""
        held, lock = self.region(account, region)
        wanted = {one["Key"]: one.get("Values", []) for one in filters}
        with lock:
            return [
                {
                    "ResourceARN": held.arn(name),
                    "Tags": [{"Key": key, "Value": value} for key, value in sorted(function.tags.items())],
                }
                for name, function in sorted(held.functions.items())
                if function.tags and all(_fits(function.tags, key, values) for key, values in wanted.items())
            ]


def _fits(tags: Mapping[str, str], key: str, values: list[str]) -> bool:
    return key in tags and (not values or tags[key] in values)
