"""What the sandbox's Lambda holds, and how time moves it on.

The time comes in as an argument, in seconds since the epoch. Mutable inside, one `Region` an account and region; whoever calls
holds that region's lock. It never asks a clock, and makes no request.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from reconciler.core.accounts import partition_of
from reconciler.sandbox.cloudwatch.alarms import Alarms
from reconciler.sandbox.cloudwatch.calls import Running
from reconciler.sandbox.cloudwatch.flow import Flow, Routing
from reconciler.sandbox.cloudwatch.metrics import Metrics
from reconciler.sandbox.lambda_.settling import CapacityProvider, Provisioned, Scale, SourceMapping
from reconciler.sandbox.refusals import Refused, invalid, not_found, old_revision

# What may stand for a function: of an ARN, every part before the name may be left out (FACTS 1).
NAME = re.compile(
    r"(?:arn:[a-zA-Z-]+:lambda:)?(?:((?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(\d{12}):)?(?:function:)?"
    r"([a-zA-Z0-9-_.]+)(?::(\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
ALIAS = re.compile(r"(?!\d+$)[a-zA-Z0-9-_]+")


class World(Protocol):
    """What is around Lambda: asked, and changed by nothing but what runs, which has a log group."""

    def object(self, bucket: str, key: str, version: str | None) -> tuple[bytes, str]: ...

    def can_assume(self, role: str) -> bool: ...

    def has_principal(self, arn: str) -> bool: ...

    def check_source(self, arn: str) -> None: ...

    def vpc_of(self, subnets: Sequence[str], groups: Sequence[str]) -> str: ...

    def download(self, name: str, content: bytes) -> str: ...

    def image_digest(self, uri: str) -> str: ...

    def log_into(self, group: str) -> None: ...

    def log(self, group: str, stream: str, lines: Sequence[str]) -> None: ...


@dataclass(slots=True)
class Code:
    """The code of one record: hash, size, and either the zip's bytes or the image's address."""

    sha256: str
    size: int
    zip_bytes: bytes = b""
    image: str = ""
    kms_key: str = ""
    s3: Mapping[str, str] | None = None
    newer: Mapping[str, Any] = field(default_factory=dict)  # members that are younger than this sandbox


@dataclass(slots=True)
class Record:
    """$LATEST or a version: configuration as it was sent with defaults filled in, code, and where it is in its life.

    `before` is what is in force while an update runs, and again when it fails. `made_from` is $LATEST's configuration of the
    moment when a version was published (its description may be another).
    """

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
    made_from: dict[str, Any] | None = None

    @property
    def is_busy(self) -> bool:
        return self.settles_at is not None

    @property
    def in_force(self) -> tuple[dict[str, Any], Code]:
        """What an invocation runs now."""
        return self.before or (self.configuration, self.code)

    def expect(self, failure: str) -> None:
        self.fails_with = failure

    def settle(self) -> None:
        """RevisionId changes when $LATEST settles; a version's never does."""
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
    """`head` is what its document says beside the statements."""

    statements: list[dict[str, Any]]
    revision: str
    head: Mapping[str, Any] = field(default_factory=lambda: {"Version": "2012-10-17", "Id": "default"})


@dataclass(slots=True)
class LayerVersion:
    """`members` are what the call gave besides the content; one that was deleted is kept for whoever has it."""

    number: int
    code: Code
    members: Mapping[str, Any]
    created: str
    policy: Policy | None = None
    is_deleted: bool = False


@dataclass(slots=True)
class Layer:
    versions: dict[int, LayerVersion] = field(default_factory=dict)
    last: int = 0


@dataclass(slots=True)
class Alias:
    """Changed only by being replaced."""

    version: str
    description: str
    weights: Mapping[str, float]
    revision: str
    newer: Mapping[str, Any] = field(default_factory=dict)  # members that are younger than this sandbox


@dataclass(slots=True)
class Function:
    """A function with all that goes when it goes; what a qualifier has is kept by it."""

    name: str
    latest: Record
    versions: dict[str, Record] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    urls: dict[str, dict[str, Any]] = field(default_factory=dict)
    concurrency: dict[str, Any] = field(default_factory=dict)
    event_invoke: dict[str, dict[str, Any]] = field(default_factory=dict)
    provisioned: dict[str, Provisioned] = field(default_factory=dict)
    runtime_management: dict[str, dict[str, Any]] = field(default_factory=dict)
    scaling: dict[str, Scale] = field(default_factory=dict)
    is_published_as_latest: bool = False
    recursion: dict[str, Any] = field(default_factory=dict)
    code_signing: dict[str, Any] = field(default_factory=dict)
    last_version: int = 0


Settling = Record | SourceMapping | CapacityProvider | Provisioned | Scale


@dataclass(slots=True)
class CodeSigning:
    """A code signing configuration."""

    members: dict[str, Any]
    tags: dict[str, str]


@dataclass(slots=True)
class ScalableTarget:
    """What Application Auto Scaling scales, from `least` to `most`; its policies and scheduled actions by name, each with when it
    was made."""

    least: int
    most: int
    id: str
    made: float
    tags: dict[str, str] = field(default_factory=dict)
    suspended: dict[str, bool] = field(default_factory=dict)
    policies: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    actions: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)


@dataclass(slots=True)
class Region:
    """Lambda of one account and region; `elsewhere` gives that of another, `settling` is what takes a while now.

    `settle_seconds` is how long AWS takes for anything; `upcoming_failure`, set by a fault script, is the reason code with
    which the next update ends; `now` is when time last moved on.
    """

    account: str
    region: str
    world: World
    settle_seconds: float
    elsewhere: Callable[[str, str], Region]
    functions: dict[str, Function] = field(default_factory=dict)
    mappings: dict[str, SourceMapping] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    code_signing: dict[str, CodeSigning] = field(default_factory=dict)
    capacity_providers: dict[str, CapacityProvider] = field(default_factory=dict)
    scalable_targets: dict[str, ScalableTarget] = field(default_factory=dict)
    urls_made: int = 0
    settling: dict[int, Settling] = field(default_factory=dict)
    upcoming_failure: str = ""
    flow: Flow | None = None
    now: float = 0.0
    metrics: Metrics = field(default_factory=Metrics)
    alarms: Alarms = field(default_factory=Alarms)
    running: Running = field(default_factory=Running)

    def begin(self, thing: Settling, now: float) -> None:
        """Something starts to happen that takes AWS a while."""
        thing.settles_at = now + self.settle_seconds
        thing.expect(self.upcoming_failure)
        self.settling[id(thing)] = thing

    def advance(self, now: float) -> None:
        """Finish what is due, after what callers have done meanwhile."""
        self.now = now
        if self.flow:
            self.flow.advance(self.metrics, self.routing, now)
        for thing in [thing for thing in self.settling.values() if now >= (thing.settles_at or 0)]:
            del self.settling[id(thing)]
            thing.settle()
            match thing:
                case SourceMapping(state="Gone"):
                    self.mappings.pop(thing.uuid, None)
                case CapacityProvider(state="Gone"):
                    self.capacity_providers.pop(thing.name, None)

    @property
    def partition(self) -> str:
        return partition_of(self.region)

    def arn(self, name: str, qualifier: str = "") -> str:
        return self.arn_of("function", f"{name}:{qualifier}" if qualifier else name)

    def arn_of(self, kind: str, name: str) -> str:
        return f"arn:{self.partition}:lambda:{self.region}:{self.account}:{kind}:{name}"

    def function(self, name: str, qualifier: str = "") -> Function:
        """The function of that name; whoever asked for a qualifier is told of it when there is none."""
        if name not in self.functions:
            raise not_found(f"Function not found: {self.arn(name, qualifier)}")
        return self.functions[name]

    def record(self, function: Function, qualifier: str) -> Record:
        """The record that a qualifier names: nothing or $LATEST, a number, or an alias."""
        if qualifier in ("", "$LATEST"):
            return function.latest
        if qualifier in function.aliases:
            return self.record(function, function.aliases[qualifier].version)
        if qualifier not in function.versions:
            raise not_found(f"Function not found: {self.arn(function.name, qualifier)}")
        return function.versions[qualifier]

    def routing(self, name: str, qualifier: str) -> Routing | None:
        """Where calls go; None where there is nothing of that name."""
        function = self.functions.get(name)
        is_refused = function is not None and function.concurrency.get("ReservedConcurrentExecutions") == 0
        alias = function.aliases.get(qualifier) if function else None
        if alias:
            rest = 1 - sum(alias.weights.values())
            shares = {version: share for version, share in alias.weights.items() if share}
            return Routing({**shares, **({alias.version: rest} if rest else {})}, True, is_refused)
        if function and (qualifier == "$LATEST" or qualifier in function.versions):
            return Routing({qualifier: 1.0}, False, is_refused)
        return None

    def named(self, text: str, qualifier: str | None = None) -> tuple[str, str]:
        """(name, qualifier) of a name, partial ARN or ARN, with or without a qualifier."""
        match = NAME.fullmatch(text)
        if not match:
            return text, qualifier or ""
        region, account, name, derived = match.groups()
        self._check_reach(region or self.region, account or self.account)
        if derived and qualifier and derived != qualifier:
            raise invalid("The derived qualifier from the function name does not match the specified qualifier.")
        return name, derived or qualifier or ""

    def _check_reach(self, region: str, account: str) -> None:
        if region != self.region:
            raise not_found(f"Functions from '{region}' are not reachable in this region ('{self.region}')")
        if account != self.account:
            raise Refused("AccessDeniedException", None, 403)


def new_id() -> str:
    return str(uuid.uuid4())


def moment(now: float) -> str:
    """LastModified of a function, as AWS writes it."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def check_revision(given: str | None, current: str, ask: str = "GetFunction/GetAlias") -> None:
    if given and given != current:
        raise old_revision(ask)


def paged(
    items: Sequence[Any],
    params: Mapping[str, Any],
    member: str,
    size: int,
    shown: Callable[[Any], Any] = lambda item: item,
) -> dict[str, Any]:
    """One page of a listing, `shown` only for what is on it; the marker is opaque to the caller."""
    start = _offset(params["Marker"]) if params.get("Marker") else 0
    end = start + min(int(params.get("MaxItems") or size), size)
    page: dict[str, Any] = {member: [shown(item) for item in items[start:end]]}
    return page | ({"NextMarker": base64.b64encode(f"after:{end}".encode()).decode()} if end < len(items) else {})


def _offset(marker: str) -> int:
    try:
        word, _, number = base64.b64decode(marker, validate=True).decode().partition(":")
        if word == "after":
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise invalid("Invalid marker provided.")
