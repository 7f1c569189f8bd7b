"""What somebody has seen elsewhere, put into the sandbox as it was: functions and versions whole, the rest by the operations that make it.

Nothing is checked that AWS checks of a new function: what lives there lives here, a runtime that is long gone as well. Code is a
stand-in that is known by the hash that it was seen with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.lambda_ import configuration, layers
from reconciler.sandbox.lambda_.state import Code, Function, Record, Region, new_id
from reconciler.sandbox.refusals import Refused
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.stock import code_zip


@dataclass(frozen=True, slots=True)
class Seen:
    """$LATEST or a version: CreateFunction's members, the code's hash, and of the code what GetFunction tells beside it."""

    number: str
    members: Mapping[str, Any]
    sha256: str
    image: str = ""
    kms_key: str = ""
    source: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SeenFunction:
    name: str
    latest: Seen
    versions: Sequence[Seen] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def place(sandbox: Sandbox, account: str, region: str, seen: SeenFunction) -> None:
    state, lock = sandbox.gate.region(account, region)
    with lock:
        now = sandbox.gate.clock()
        function = Function(seen.name, _record(state, seen.name, seen.latest, now), tags=dict(seen.tags))
        for version in sorted(seen.versions, key=lambda version: int(version.number)):
            record = _record(state, seen.name, version, now)
            record.made_from = deepcopy(record.configuration)
            function.versions[version.number] = record
            function.last_version = int(version.number)
        state.functions[seen.name] = function


def _record(region: Region, name: str, seen: Seen, now: float) -> Record:
    made = configuration.created(name, seen.members)
    network = made.get("VpcConfig", {})
    if network.get("SubnetIds"):
        with suppress(Refused):
            vpc = region.world.vpc_of(network["SubnetIds"], network["SecurityGroupIds"])
            made["VpcConfig"] = {**network, "VpcId": vpc}
    return Record(seen.number, made, _code(name, seen), new_id(), now)


def _code(name: str, seen: Seen) -> Code:
    if seen.image:
        return Code(seen.sha256, 0, image=seen.image, kms_key=seen.kms_key)
    handler = str(seen.members.get("Handler") or "lambda_function.lambda_handler")
    content = code_zip(handler, f"of {name}", sha256=seen.sha256)
    return Code(seen.sha256, len(content), content, kms_key=seen.kms_key, s3=seen.source)


@dataclass(frozen=True, slots=True)
class SeenLayer:
    """A layer with its newest version, and the numbers of all that were seen."""

    name: str
    newest: int
    members: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    source: Mapping[str, str] | None = None
    numbers: Sequence[int] = ()


def place_layer(sandbox: Sandbox, account: str, region: str, seen: SeenLayer) -> None:
    """Of older versions only the numbers are known, so each has content of its own."""
    state, lock = sandbox.gate.region(account, region)
    with lock:
        now = sandbox.gate.clock()
        for number in {seen.newest, *seen.numbers}:
            layers.place(state, seen.name, number, code_zip("layer.handler", f"layer {seen.name}:{number}"), now)
        version = state.layers[seen.name].versions[seen.newest]
        if seen.sha256:
            content = code_zip("layer.handler", f"of {seen.name}", sha256=seen.sha256)
            version.code = Code(seen.sha256, len(content), content, s3=seen.source)
        version.members = {"Description": "", **seen.members}


def call_mapping(sandbox: Sandbox, account: str, region: str, made: str, wanted: str) -> None:
    """Give an event source mapping the id that it was seen with, which AWS lets nobody choose."""
    state, lock = sandbox.gate.region(account, region)
    with lock:
        mapping = state.mappings.pop(made)
        mapping.uuid = wanted
        state.mappings[wanted] = mapping
