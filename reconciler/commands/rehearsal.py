"""`reconcile sandbox`: the embedded AWS, stocked from specs, for a command or until interrupted."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from reconciler.commands import wiring
from reconciler.commands.output import warn
from reconciler.commands.standing_in import things, values
from reconciler.commands.workspaces import Workspace
from reconciler.core.accounts import Account
from reconciler.core.errors import ReconcileError
from reconciler.core.model import Snapshot, Target
from reconciler.core.packages import Artifact
from reconciler.spec import root
from reconciler.spec.config import FILE_NAME, Config, load_config, nearest
from reconciler.spec.load import Specs

if TYPE_CHECKING:
    from reconciler.sandbox import Need, Sandbox, Spot

DEFAULT_REGION = "us-east-1"
NOTHING_KNOWN: Mapping[Target, Artifact] = MappingProxyType({})
LONGEST_SLEEP_SECONDS = 0.5  # a signal that comes just before the wait is seen after it only


class NoSandbox(ReconcileError):
    """The extra packages are not installed."""

    exit_code = 2


def rehearse(
    workspace: Workspace,
    command: Sequence[str],
    *,
    settle_seconds: float,
    throttle: bool,
    faults: Path | None,
    log: Path | None,
    snapshot: Path | None,
    metrics: Path | None,
    time_scale: float,
) -> int:
    """Serve until the command ends, and end with its exit code; without one, until interrupted. With a snapshot it holds what that does."""
    live = wiring.saved_snapshot(workspace, snapshot) if snapshot else None
    workspace = numbered(workspace, live.accounts) if live else workspace
    with embedded_aws(
        workspace, settle_seconds=settle_seconds, throttle=throttle, faults=faults, log=log, live=live, metrics=metrics,
        time_scale=time_scale,
    ) as sandbox:  # fmt: skip
        environment = sandbox.environment(region_of(workspace))
        return execute(command, environment) if command else serve(environment)


def bare() -> Workspace | None:
    """Where there is no spec, not even a broken one, the accounts of reconcile.yaml if there is any; None where there are specs."""
    folder = root.specs()
    if any(path.suffix.lower() in (".yaml", ".yml") and path.name != FILE_NAME for path in folder.rglob("*")):
        return None
    found = nearest(folder)
    return Workspace(load_config(found) if found else Config(str(folder / FILE_NAME), {}), Specs((), (), ()))


@contextmanager
def embedded_aws(
    workspace: Workspace,
    *,
    settle_seconds: float = 0.1,
    throttle: bool = False,
    faults: Path | None = None,
    log: Path | None = None,
    live: Snapshot | None = None,
    metrics: Path | None = None,
    time_scale: float = 1.0,
) -> Iterator[Sandbox]:
    """The sandbox, stocked with what the specs name, and holding what was seen. Raises NoSandbox when its packages are not installed."""
    try:
        from reconciler.sandbox import Sandbox, read_faults, read_traffic
    except ImportError as error:
        raise NoSandbox(f"the sandbox is not installed ({error}); pip install 'lambda-reconciler[sandbox]'") from error
    accounts = workspace.config.accounts.values()
    with Sandbox(
        settle_seconds=settle_seconds,
        throttle=throttle,
        faults=read_faults(faults) if faults else (),
        log_path=log,
        account_id=own_account(accounts),
        profiles={account.profile: number(account) for account in accounts if account.profile},
        time_scale=time_scale,
        traffic=read_traffic(metrics) if metrics else None,
    ) as sandbox:
        fill(sandbox, workspace, live.artifacts if live else NOTHING_KNOWN)
        if live:
            hold(sandbox, workspace, live)
        yield sandbox


def numbered(workspace: Workspace, numbers: Mapping[str, str]) -> Workspace:
    """The workspace with the numbers of the accounts that a snapshot was taken of."""
    accounts = {
        name: replace(account, account_id=account.account_id or numbers.get(name, ""))
        for name, account in workspace.config.accounts.items()
    }
    return replace(workspace, config=replace(workspace.config, accounts=accounts))


def hold(sandbox: Sandbox, workspace: Workspace, live: Snapshot) -> None:
    """Put what was seen into the sandbox, and before it what that names."""
    from reconciler.commands.replica import held
    from reconciler.sandbox import needs, stock

    found = held(workspace, live, {name: number(account) for name, account in workspace.config.accounts.items()})
    stock(sandbox, needs(found.spots()))
    for problem in found.put_into(sandbox):
        warn(problem)


def fill(sandbox: Sandbox, workspace: Workspace, artifacts: Mapping[Target, Artifact] = NOTHING_KNOWN) -> None:
    """Make what the specs name and the sandbox has not; code is known by the hash that it was seen with, and lacks where it did."""
    from reconciler.sandbox import stock

    stock(sandbox, wanted(workspace, artifacts))


def wanted(workspace: Workspace, artifacts: Mapping[Target, Artifact] = NOTHING_KNOWN) -> list[Need]:
    """What the specs name."""
    from reconciler.sandbox import Need, needs

    stores = workspace.config.stores(spec.target for spec in workspace.specs.specs)
    accounts = workspace.config.accounts
    buckets = {
        Need("bucket", number(accounts[target.account]), target.region, store.split("/")[2])
        for target, store in stores.items()
    }
    referred = [
        Need(kind, number(accounts[account]), region, name, held)
        for (account, region), known in values(workspace.written).items()
        for (kind, name), held in things(known).items()
    ]
    return [*needs(spots(workspace, artifacts)), *sorted(buckets), *referred]


def own_account(accounts: Iterable[Account]) -> str:
    """The account of the sandbox's own credentials: the first one that is reached without a role or profile."""
    direct = [account for account in accounts if not (account.profile or account.role_arn)]
    return number(direct[0]) if direct else "123456789012"


def number(account: Account) -> str:
    return account.account_id or "123456789012"


def region_of(workspace: Workspace) -> str:
    """The region that most specs name; without specs the first one of reconcile.yaml."""
    named = Counter(spec.target.region for spec in workspace.specs.specs)
    regions = (region for account in workspace.config.accounts.values() for region in account.regions)
    return named.most_common(1)[0][0] if named else next(regions, DEFAULT_REGION)


def spots(workspace: Workspace, artifacts: Mapping[Target, Artifact]) -> list[Spot]:
    """Each spec's document with the account number and region where it applies, and what is known of its code."""
    from reconciler.sandbox import Spot
    from reconciler.spec.meant import meant
    from reconciler.spec.where import targets

    documents = {
        (document.path, target.place): document
        for document in workspace.specs.documents
        for target in targets(document, workspace.config, [])
    }
    numbers = {spec.target: number(workspace.config.accounts[spec.target.account]) for spec in workspace.specs.specs}
    return [
        Spot(
            numbers[spec.target],
            spec.target.region,
            meant(documents[spec.path, spec.target.place], spec.target, numbers[spec.target]).value,
            sha256=artifacts[spec.target].sha256 if spec.target in artifacts else "",
            lacks_code=spec.target in artifacts and bool(artifacts[spec.target].problem),
        )
        for spec in workspace.specs.specs
    ]


def execute(command: Sequence[str], environment: dict[str, str]) -> int:
    """The command's exit code; 127 when there is no such command. Interrupts go to the command, which ends first."""
    cleaned = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    try:
        child = subprocess.Popen(command, env={**cleaned, **environment})  # noqa: S603  the user's own command
    except OSError as error:
        click.echo(f"error: {command[0]}: {error.strerror}", err=True)
        return 127
    while True:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            continue
        return code if code >= 0 else 128 - code


def serve(environment: dict[str, str]) -> int:
    """Print the exports and wait for an interrupt."""
    for name, value in environment.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    sys.stdout.flush()
    click.echo("Serving; press Ctrl-C to stop.", err=True)
    over = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: over.set())
    try:
        while not over.wait(LONGEST_SLEEP_SECONDS):
            pass
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0
