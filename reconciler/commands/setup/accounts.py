"""What `reconcile doctor` says of the accounts of reconcile.yaml: whose credentials there are, the clock, a plan, and rights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from reconciler.aws.client import Answer, Aws
from reconciler.aws.simulation import decisions
from reconciler.aws.unread import failure_text, mend
from reconciler.commands import wiring
from reconciler.commands.setup.remarks import Remark
from reconciler.commands.setup.rights import OPTIONAL, wanted
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import AwsError, NoCredentials, ReconcileError
from reconciler.core.model import Origin
from reconciler.core.place import Place
from reconciler.core.plans import Plan
from reconciler.core.rights import Decision, Right
from reconciler.core.words import many
from reconciler.spec.config import Config

ANY_REGION = "us-east-1"
MOST_SKEW_SECONDS = 300  # AWS takes no request that is signed further away from its own time
SKEWED = re.compile(r"[Ss]ignature (?:expired|not yet current)|[Tt]oo ?[Ss]kewed|RequestExpired")
MOST_REASONS = 3  # of a plan that refuses, of a right's resources
IDENTITY = "GetCallerIdentity"


def remarks(config: Config, workspace: Workspace | None, *, is_applying: bool) -> Iterator[Remark]:
    """Of each account that is enabled; where its credentials are its own, of a plan, and of what they lack for it."""
    for name, account in sorted(config.accounts.items()):
        if not (account.is_enabled and config.is_enabled):
            yield Remark("account", "unknown", f"{name} is not asked, for {config.path} does not enable Lambda there")
    aws = Aws(config.accounts)
    callers: dict[str, str] = {}
    for place in places(config, workspace):
        try:
            answer = aws.call(place, IDENTITY, {}, api="sts")
        except AwsError as failure:
            yield of_failure(place.account, failure)
            continue
        yield of_identity(config, place.account, answer.result)
        yield of_clock(place.account, answer, datetime.now(UTC))
        if config.accounts[place.account].account_id in ("", answer.result["Account"]):
            callers[place.account] = str(answer.result["Arn"])
    if workspace and callers:
        made, about_plan = plan(workspace, aws)
        yield about_plan
        yield from rights(workspace, made, aws, callers, is_applying=is_applying)


def places(config: Config, workspace: Workspace | None) -> list[Place]:
    """One of each enabled account, in a region that its specs name where they do."""
    named = {spec.target.account: spec.target.region for spec in workspace.specs.specs} if workspace else {}
    return [
        Place(name, named.get(name) or next(iter(account.regions), ANY_REGION))
        for name, account in sorted(config.accounts.items())
        if account.is_enabled and config.is_enabled
    ]


# --- who, and when -------------------------------------------------------------------------------------------------


def of_failure(account: str, failure: AwsError) -> Remark:
    """Why nobody answered. That there are no credentials at all is no problem of theirs."""
    if SKEWED.search(f"{getattr(failure, 'code', '')} {failure}"):
        return Remark("clock", "problem", f"{account}: this machine's clock is wrong; set it by NTP ({failure})")
    if isinstance(failure, NoCredentials):
        has_none = isinstance(failure.__cause__, NoCredentials)
        return Remark("account", "unknown" if has_none else "problem", str(failure))
    reason = f"{failure_text(IDENTITY, failure)}; {mend(account, f'sts:{IDENTITY}', failure)}"
    return Remark("account", "problem", f"{account}: {reason}")


def of_identity(config: Config, account: str, answer: Mapping[str, str]) -> Remark:
    wanted_number, number = config.accounts[account].account_id, answer["Account"]
    who = f"{account} is {number}, and we are {answer['Arn']}"
    origin = _origin(config, account)
    if not wanted_number:
        message = f"{who}; {config.path} names no account, so any would do: write accountId"
        return Remark("account", "problem", message, origin)
    if wanted_number != number:
        message = f"{account} is {wanted_number} here, and the credentials belong to {number}; correct it, or profile and assumeRole"
        return Remark("account", "problem", message, origin)
    return Remark("account", "ok", who)


def _origin(config: Config, account: str) -> Origin:
    entries = config.document.value["aws"]["accounts"]
    index = next(index for index, entry in enumerate(entries) if entry["name"] == account)
    return config.document.at(f"/aws/accounts/{index}/accountId")


def of_clock(account: str, answer: Answer, now: datetime) -> Remark:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return Remark("clock", "unknown", f"{account}: the answer of STS has no date")
    seconds = abs((now - theirs).total_seconds())
    if seconds > MOST_SKEW_SECONDS:
        message = (
            f"{account}: this machine's clock is {seconds:.0f} s from AWS's, which soon takes no request; set it by NTP"
        )
        return Remark("clock", "problem", message)
    return Remark("clock", "ok", f"{account}: {seconds:.0f} s from AWS's")


# --- a plan, and what it needs -------------------------------------------------------------------------------------


def plan(workspace: Workspace, aws: Aws) -> tuple[Plan | None, Remark]:
    """The plan, made by reading all that it needs, or why there is none."""
    try:
        workspace.config.require_enabled(workspace.accounts)
        known = wiring.with_values(workspace, aws)
        live = wiring.live_snapshot(known, aws, wiring.looking(Path("reports"), Choices()))
        made = wiring.planned(known, live, Choices(), aws)
    except ReconcileError as error:
        return None, Remark("plan", "problem", "; ".join(str(error).splitlines()[:MOST_REASONS]))
    refusals = [note.message for note in made.refusals]
    if refusals:
        more = f" (and {len(refusals) - MOST_REASONS} more)" if refusals[MOST_REASONS:] else ""
        message = f"`reconcile plan` refuses: {'; '.join(refusals[:MOST_REASONS])}{more}"
        return made, Remark("plan", "problem", message)
    calls = sum(len(target.operations) for target in made.targets)
    return made, Remark("plan", "ok", f"all that it needs can be read; {many(calls, 'call')} to be made")


def rights(
    workspace: Workspace, made: Plan | None, aws: Aws, callers: Mapping[str, str], *, is_applying: bool
) -> Iterator[Remark]:
    numbers = {account: caller.split(":")[4] for account, caller in callers.items()}
    needed = wanted(workspace.config, workspace.written, made, numbers, is_applying=is_applying)
    at = {place.account: place for place in places(workspace.config, workspace)}
    for account, asked in sorted(needed.items()):
        if not asked:
            continue
        try:
            yield from of_rights(account, callers[account], decisions(aws, at[account], callers[account], asked))
        except AwsError as failure:
            actions = ", ".join(sorted({right.action for right in asked} - set(OPTIONAL)))
            message = f"{account}: IAM does not tell what {callers[account]} may ({failure_text('SimulatePrincipalPolicy', failure)})"
            yield Remark("rights", "unknown", f"{message}; needed are {actions}")


def of_rights(account: str, caller: str, told: Mapping[Right, Decision]) -> Iterator[Remark]:
    """A remark for each action that is denied, one for each of which nothing can be told, and one for all the others."""
    for action, resources in _by_action(told, "denied"):
        without = OPTIONAL.get(action)
        mend = f"so {without}; allow it where that is wanted" if without else "allow it"
        message = f"{account}: {action} on {resources} is denied to {caller}; {mend}"
        yield Remark("rights", "unknown" if without else "problem", message)
    for action, resources in _by_action(told, "untold"):
        yield Remark(
            "rights", "unknown", f"{account}: {action} on {resources} depends on what only the call itself tells"
        )
    allowed = dict(_by_action(told, "allowed"))
    if allowed:
        yield Remark("rights", "ok", f"{account}: {', '.join(allowed)}")


def _by_action(told: Mapping[Right, Decision], decision: Decision) -> Iterator[tuple[str, str]]:
    """Each action of which that is decided, with its resources."""
    resources: dict[str, list[str]] = {}
    for right in sorted(right for right, what in told.items() if what == decision):
        resources.setdefault(right.action, []).append(right.resource)
    for action, named in resources.items():
        more = f" and {len(named) - MOST_REASONS} more" if named[MOST_REASONS:] else ""
        yield action, f"{', '.join(named[:MOST_REASONS])}{more}"
