"""Whether a version that goes without steps was rejected before: the alias remembers the last one alone, records all that they have. It is
said with the plan, and decides nothing: records may be lost, and whoever pins a version may know better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import AwsError, ReportError
from reconciler.core.finding import Rule
from reconciler.core.model import Key
from reconciler.core.plans import Action, Diagnostic, Plan
from reconciler.core.words import shortened

if TYPE_CHECKING:
    from reconciler.aws.client import Aws
    from reconciler.commands.rollout.keeping import Records

PASSED_BEFORE = Rule("W266", "A version that goes without steps was not rejected before, as far as records tell.")
LONGEST_REASON = 200


def told(workspace: Workspace, made: Plan, folder: Path, aws: Aws | None) -> Plan:
    """The plan, with a warning for each; where no version goes so nothing is read."""
    notes = [
        note
        for target in made.unrefused
        for action in target.actions
        if _goes_at_once(action)
        for note in _warning(workspace, action, folder, aws)
    ]
    return replace(made, diagnostics=(*made.diagnostics, *notes)) if notes else made


def _goes_at_once(action: Action) -> bool:
    return action.verb != "none" and action.rollout is not None and action.rollout.course == "at once"


def _warning(workspace: Workspace, action: Action, folder: Path, aws: Aws | None) -> Iterator[Diagnostic]:
    from reconciler.commands.rollout.keeping import InFolder, places

    assert action.rollout
    key, candidate = action.key, action.rollout.candidate
    found: list[Mapping[str, Any]] = []
    with suppress(ReportError, AwsError):  # what no record tells is not said
        for records in places(workspace, aws, folder) if aws else [InFolder(folder)]:
            found += _newest(records, key, candidate)
    last = max(found, key=lambda record: str(record["begun"]), default=None)
    if last and last["status"] == "rejected":
        why = f": {shortened(str(last['reason']), LONGEST_REASON)}" if last["reason"] else ""
        message = f"{key}: {candidate} goes without steps, and was rejected {last['ended']}{why}; pin another, or publish a fix"
        origin = next((change.origin for change in action.changes if change.origin), None)
        yield PASSED_BEFORE.cited(Diagnostic("warning", message, key.target, origin))


def _newest(records: Records, key: Key, candidate: str) -> list[Mapping[str, Any]]:
    from reconciler.report.rollout_record import folder_of

    folder = folder_of(key)
    name = next((name for name in records.names(folder) if name.endswith(f"-{candidate}.json")), "")
    record = records.read(f"{folder}/{name}")[0] if name else None
    return [record] if record else []
