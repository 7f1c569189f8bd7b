"""What the sandbox's Lambda holds, and how time moves it on. Pure: the time comes in as an argument, in seconds.

Mutable inside, one `Region` an account and region; whoever calls holds that region's lock.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from reconciler.sandbox.wire import Refused


class World(Protocol):
    """What is around Lambda: asked, never changed."""

    def object(self, bucket: str, key: str, version: str | None) -> bytes: ...

    def can_assume(self, role: str) -> bool: ...

    def has_source(self, arn: str) -> bool: ...

    def image_digest(self, uri: str) -> str: ...


@dataclass(slots=True)
class Code:
    """The code of one record: hash, size, and either the zip's bytes or the image's address."""

    sha256: str
    size: int
    zip_bytes: bytes = b""
    image: str = ""
    kms_key: str = ""
    s3: Mapping[str, str] | None = None


@dataclass(slots=True)
class Record:
    """$LATEST or a version: configuration as it was sent with defaults filled in, code, and where it is in its life."""

    version: str
    configuration: dict[str, Any]
    code: Code
    revision: str
    modified: float
    state: str = "Active"
    state_reason: tuple[str, str] | None = None
    update: str | None = "Successful"
    update_reason: tuple[str, str] | None = None
    settles_at: float | None = None
    fails_with: str = ""
    before: tuple[dict[str, Any], Code] | None = None

    @property
    def is_busy(self) -> bool:
        return self.settles_at is not None

    def advance(self, now: float) -> None:
        """Finish what is due. RevisionId changes when $LATEST settles; a version's never does."""
        if self.settles_at is None or now < self.settles_at:
            return
        self.settles_at = None
        if self.version == "$LATEST":
            self.revision = new_id()
        if self.fails_with:
            self._fail()
        else:
            self.state, self.state_reason = "Active", None
            self.update, self.update_reason = "Successful", None
        self.fails_with, self.before = "", None

    def _fail(self) -> None:
        reason = (f"The operation failed: {self.fails_with}", self.fails_with)
        if self.state == "Pending":
            self.state, self.state_reason = "Failed", reason
            return
        self.update, self.update_reason = "Failed", reason
        if self.before:
            self.configuration, self.code = self.before


@dataclass(slots=True)
class Policy:
    statements: list[dict[str, Any]]
    revision: str


@dataclass(slots=True)
class Function:
    """A function with all that goes when it goes."""

    name: str
    latest: Record
    versions: dict[str, Record] = field(default_factory=dict)
    aliases: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    reserved_concurrency: int | None = None
    last_version: int = 0

    def advance(self, now: float) -> None:
        self.latest.advance(now)
        for record in self.versions.values():
            record.advance(now)


@dataclass(slots=True)
class Mapping_:
    """An event source mapping; `goes_to` is the state that it settles in."""

    uuid: str
    properties: dict[str, Any]
    function_arn: str
    modified: float
    state: str
    goes_to: str
    settles_at: float | None

    def advance(self, now: float) -> None:
        if self.settles_at is not None and now >= self.settles_at:
            self.state, self.settles_at = self.goes_to, None


@dataclass(slots=True)
class Region:
    """Lambda of one account and region. `settle_seconds` is how long AWS takes for anything; `upcoming_failure`, set by a
    fault script, is the reason code with which the next update ends."""

    account: str
    region: str
    world: World
    settle_seconds: float
    functions: dict[str, Function] = field(default_factory=dict)
    mappings: dict[str, Mapping_] = field(default_factory=dict)
    upcoming_failure: str = ""

    def advance(self, now: float) -> None:
        for function in self.functions.values():
            function.advance(now)
        for mapping in list(self.mappings.values()):
            mapping.advance(now)
            if mapping.state == "Gone":
                del self.mappings[mapping.uuid]

    def arn(self, name: str, qualifier: str = "") -> str:
        end = f":{qualifier}" if qualifier else ""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{name}{end}"

    def function(self, name: str) -> Function:
        if name not in self.functions:
            raise Refused("ResourceNotFoundException", f"Function not found: {self.arn(name)}", 404)
        return self.functions[name]

    def record(self, function: Function, qualifier: str) -> Record:
        """The record that a qualifier names: nothing or $LATEST, a number, or an alias."""
        if qualifier in ("", "$LATEST"):
            return function.latest
        if qualifier in function.aliases:
            qualifier = str(function.aliases[qualifier]["FunctionVersion"])
            return self.record(function, qualifier)
        if qualifier not in function.versions:
            raise Refused("ResourceNotFoundException", f"Function not found: {self.arn(function.name, qualifier)}", 404)
        return function.versions[qualifier]

    def named(self, text: str, qualifier: str | None = None) -> tuple[str, str]:
        """(name, qualifier) of a name, partial ARN or ARN, with or without a qualifier."""
        parts = text.split(":")
        if parts[0] == "arn" and len(parts) >= 7:
            parts = parts[6:]
        elif len(parts) >= 3 and parts[1] == "function":
            parts = parts[2:]
        derived = parts[1] if len(parts) > 1 else ""
        if derived and qualifier and derived != qualifier:
            message = "The derived qualifier from the function name does not match the specified qualifier."
            raise Refused("InvalidParameterValueException", message)
        return parts[0], derived or qualifier or ""


def new_id() -> str:
    return str(uuid.uuid4())


def moment(now: float) -> str:
    """LastModified of a function, as AWS writes it."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def check_revision(given: str | None, current: str) -> None:
    if given and given != current:
        message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
        raise Refused("PreconditionFailedException", message, 412)


def copied(record: Record) -> dict[str, Any]:
    return deepcopy(record.configuration)


def paged(items: list[Any], params: Mapping[str, Any], member: str, size: int) -> dict[str, Any]:
    """One page of a listing; the marker is opaque to the caller."""
    start = int(params.get("Marker") or 0)
    end = start + min(int(params.get("MaxItems") or size), size)
    page: dict[str, Any] = {member: items[start:end]}
    return page | ({"NextMarker": str(end)} if end < len(items) else {})
