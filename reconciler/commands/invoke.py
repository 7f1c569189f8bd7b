"""The seed's invoke: one call of one function, with a task record like any other."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import click

from reconciler.commands.naming import Named, functions_of, meant
from reconciler.commands.run import Ending, Stop, run_plan
from reconciler.core.model import Key, Target
from reconciler.core.plans import Operation, Plan, TargetPlan
from reconciler.kinds.registry import CALLS
from reconciler.spec.config import Config, find_config, load_config
from reconciler.spec.history import provenance
from reconciler.spec.selection import mend

LARGEST_PAYLOAD = 6 * 2**20  # bytes of a request that waits for the answer


@dataclass(frozen=True, slots=True)
class Request:
    """What to invoke, by its name or address; an empty alias means $LATEST."""

    function: str
    account: str | None
    region: str | None
    alias: str
    payload: bytes


def payload_in(path: Path) -> bytes:
    """What a file, a pipe or a device holds, read no further than Lambda would take it. Raises a usage error."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_PAYLOAD + 1)
    except OSError as error:
        raise click.UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > LARGEST_PAYLOAD:
        raise click.UsageError(
            f"{path}: is larger than {LARGEST_PAYLOAD:,} bytes, and Lambda takes no larger payload; put it into S3 and send its key"
        )
    return content


def payload_bytes(written: str | bytes | None) -> bytes:
    """The payload as it is written, in UTF-8; `{}` when nothing is given. Bytes are UTF-8, -16 or -32, with or without a mark
    of their order. Raises a usage error when it is not JSON."""
    try:
        text = written.decode(json.detect_encoding(written)) if isinstance(written, bytes) else written or ""
        if not text.strip():
            return b"{}"
        json.loads(text, parse_constant=_no_json, parse_int=str)  # a number may be as long as it likes
    except (UnicodeDecodeError, RecursionError) as error:
        raise click.UsageError("the payload is not JSON in UTF-8, UTF-16 or UTF-32; save it as UTF-8") from error
    except ValueError as error:
        raise click.UsageError(f"the payload is not JSON: {error}") from error
    return text.encode()


def _no_json(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def invoked(request: Request, path: Path, folder: Path) -> Ending:
    """Invoke, and leave the record in `folder`."""
    config = load_config(find_config([path]))
    functions = functions_of(path, config)
    target = _target(request, config, functions)
    stop = Stop()
    aws = Named(target, config).connected(stop)
    from reconciler.snapshot.qualified import met

    warning = met(aws, target, request.alias, _else_meant(target, functions))
    plan = _plan(request, target)
    document = {
        "provenance": provenance(Path(config.path).parent),
        "summary": {
            **dict.fromkeys(("create", "update", "replace", "adopt", "delete", "unchanged", "refused"), 0),
            "operations": 1,
        },
    }
    with stop.listening():
        ending = run_plan(
            plan, document, aws, command="invoke", folder=folder, stop=stop, tell=lambda *_: None, refused={}
        )
    return replace(ending, warning=warning)


def _plan(request: Request, target: Target) -> Plan:
    """A plan of one operation; there is nothing to compare."""
    params = {"FunctionName": target.function, "LogType": "Tail", "Payload": request.payload}
    if request.alias:
        params["Qualifier"] = request.alias
    key = Key(target, "function")
    operation = Operation(f"{target}#1", key, "Invoke", CALLS["Invoke"].phase, params)
    return Plan((TargetPlan(target, (), (operation,)),), digest="", taken_at="", snapshot_digest="")


def _else_meant(target: Target, functions: Collection[Target]) -> str:
    """What to do where AWS has no such function."""
    if target in functions:
        return "`reconcile plan` tells what would make it"
    return mend(target.function, {known.function for known in functions}, {*map(str, functions)})


def _target(request: Request, config: Config, functions: Collection[Target]) -> Target:
    """Where the function is: as asked, else as its spec says, else the one account and region there is; asks only for
    what is open then."""
    if "/" in request.function:
        return meant(request.function, functions, config)
    known = [target for target in functions if target.function == request.function]
    fitting = [
        candidate
        for candidate in known
        if request.account in (None, candidate.account) and request.region in (None, candidate.region)
    ]
    accounts = {candidate.account for candidate in fitting} or set(config.accounts)
    account = request.account or _chosen("account", accounts)
    if account not in config.accounts:
        raise click.UsageError(f"there is no account {account}; pass --account, one of {', '.join(config.accounts)}")
    regions = {candidate.region for candidate in fitting if candidate.account == account} or set(
        config.accounts[account].regions
    )
    return Target(account, request.region or _chosen("region", regions), request.function)


def _chosen(what: str, choices: set[str]) -> str:
    """The one that there is. Raises a usage error that names the choice."""
    if len(choices) == 1:
        return next(iter(choices))
    raise click.UsageError(
        f"which {what}? pass --{what}" + (f", one of {', '.join(sorted(choices))}" if choices else "")
    )
