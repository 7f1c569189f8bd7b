"""All that we know of moto's inside: its WSGI application, how a request says its account, ids that AWS chooses, and log groups.

Pinned to one minor version; `check_version` says so in words when moto changes underneath.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import moto

MINOR = "5.2"
ACCOUNT_HEADER = "x-moto-account-id"

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
Clock = Callable[[], float]

_clocks: list[Clock] = []
_lock = threading.Lock()
_logging = threading.local()


def check_version() -> None:
    """Raises RuntimeError when moto is not of the minor that the sandbox was built and tested on."""
    if not moto.__version__.startswith(f"{MINOR}."):
        raise RuntimeError(
            f"the sandbox needs moto {MINOR}.x and found {moto.__version__}: pip install 'lambda-reconciler[sandbox]'"
        )


def application() -> Wsgi:
    """Everything of AWS that is not Lambda."""
    check_version()
    return _application()


@cache
def _application() -> Wsgi:
    """One a process, as moto's services are: it holds an application for each of them, which take a while to make."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    made = DomainDispatcherApplication(create_backend_app)
    setattr(made, "get_backend_for_host", cache(made.get_backend_for_host))  # noqa: B010  it tries the patterns of all services, at every request
    answering: Wsgi = made
    return answering


def opened(clock: Clock) -> None:
    """A sandbox starts. moto's services are one a process: the first sandbox finds them empty, others share them. Whatever is stored
    from now on bears the last one's time."""
    with _lock:
        _clocks.append(clock)
        if len(_clocks) == 1:
            _forget()
        _tell_time()


def closed(clock: Clock) -> None:
    """A sandbox has ended; the last one empties moto's services."""
    with _lock:
        _clocks.remove(clock)
        if not _clocks:
            _forget()
        _tell_time()


def _tell_time() -> None:
    """S3 says when objects were written, by which locks are known to be old. It takes a while to load."""
    clock = _clocks[-1] if _clocks else time.time
    if clock is time.time and "moto.s3.models" not in sys.modules:
        return
    from moto.s3 import models

    _open_module(models).utcnow = lambda: datetime.fromtimestamp(clock(), UTC).replace(tzinfo=None)


def _forget() -> None:
    from moto.core.base_backend import BackendDict

    BackendDict.reset()


def is_mocking() -> bool:
    """Whether moto's mock_aws is active in this process."""
    from moto.core.botocore_stubber import BotocoreStubber
    from moto.core.models import botocore_stubber

    assert isinstance(botocore_stubber, BotocoreStubber)
    return bool(botocore_stubber.enabled)


def name_version(account: str, bucket: str, key: str, given: str, wanted: str) -> None:
    """Give an object's version the id that a spec pins; S3 itself lets nobody choose it."""
    from moto.s3.models import s3_backends

    versions = s3_backends[account]["aws"].get_bucket(bucket).keys.getlist(key)
    for version in versions:
        if version.version_id == given:
            version._version_id = wanted


def replace_lambda(backend: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
    """Where moto's services look for functions from now on; where they looked before comes back. It takes a while to load."""
    from moto.awslambda import utils

    module = _open_module(utils)
    former, module.get_backend = module.get_backend, backend
    return former  # type: ignore[no-any-return]


def replace_targets(deliver: Callable[[str, Any], None]) -> None:
    """What a bus's rules hand to functions goes to `deliver`, by ARN; moto itself gives up at such a target."""
    from moto.events.models import Rule
    from moto.events.utils import EventTemplateParser

    rules = _open_module(Rule)
    others = rules.send_to_targets

    def send(rule: Any, event: Any, transform_input: bool = True) -> None:
        rest = copy(rule)
        rest.targets = [target for target in rule.targets if target["Arn"].split(":")[2] != "lambda"]
        others(rest, event, transform_input)
        if rule.event_pattern.matches_event(event):
            for target in (target for target in rule.targets if target not in rest.targets):
                given = target.get("InputTransformer", {})
                changed = EventTemplateParser.parse(given.get("InputTemplate"), given.get("InputPathsMap", {}), event)
                deliver(target["Arn"], json.loads(target["Input"]) if "Input" in target else changed)

    rules.send_to_targets = send


def make_vpc(account: str, region: str, wanted: str) -> None:
    """A VPC of that id; one that is there stays."""
    from moto.ec2 import models

    backend, vpcs = models.ec2_backends[account][region], _open_module(models.vpcs)
    with _lock:
        if wanted in backend.vpcs:
            return
        chosen, vpcs.random_vpc_id = vpcs.random_vpc_id, lambda: wanted
        try:
            backend.create_vpc("10.0.0.0/16")
        finally:
            vpcs.random_vpc_id = chosen


def _open_module(module: Any) -> Any:
    """A module whose names are set from outside."""
    return module


def name_subnet(account: str, region: str, given: str, wanted: str) -> None:
    """Give a subnet the id that a spec names; EC2 itself lets nobody choose it."""
    from moto.ec2.models import ec2_backends

    for zone in ec2_backends[account][region].subnets.values():
        if given in zone:
            zone[wanted] = zone.pop(given)
            zone[wanted].id = wanted


def name_group(account: str, region: str, given: str, wanted: str) -> None:
    """The same for a security group."""
    from moto.ec2.models import ec2_backends

    for groups in ec2_backends[account][region].groups.values():
        if given in groups:
            groups[wanted] = groups.pop(given)
            groups[wanted].id = groups[wanted].group_id = wanted


def log_groups(account: str, region: str) -> dict[str, Any]:
    """The log groups of an account and region by name, as moto keeps them."""
    from moto.logs.models import logs_backends

    groups: dict[str, Any] = logs_backends[account][region].groups
    return groups


def make_log_group(account: str, region: str, name: str, tags: Mapping[str, str], key: str | None) -> None:
    from moto.logs.models import logs_backends

    logs_backends[account][region].create_log_group(name, dict(tags), kmsKeyId=key)


def write_log(account: str, region: str, group: str, stream: str, lines: Sequence[str]) -> None:
    """Lines in a stream, which is made for them, and to whoever subscribes to the group: but not those of a subscriber's own, for a
    circle of them would never end."""
    held = log_groups(account, region).get(group)
    if held is None:
        return
    with _lock:
        if stream not in held.streams:
            held.create_log_stream(stream)
    written, is_of_subscriber = held.streams[stream], getattr(_logging, "is_followed", False)
    if is_of_subscriber:
        written = copy(written)
        written.log_group = SimpleNamespace(subscription_filters={})
    _logging.is_followed = True
    try:
        written.put_log_events([{"timestamp": int(time.time() * 1000), "message": line} for line in lines])
    finally:
        _logging.is_followed = is_of_subscriber


def filtered_log(account: str, region: str, group: str, **wanted: Any) -> tuple[list[dict[str, Any]], str | None]:
    """A page of a group's events in their order, and where the next one begins."""
    events, token, _ = log_groups(account, region)[group].filter_log_events(group, interleaved=True, **wanted)
    return events, token
