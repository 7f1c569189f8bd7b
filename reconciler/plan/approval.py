"""A reviewed plan against the plan that is made now. Pure: documents in, what may not be applied out.

The reviewed file has no authority of its own: it only says which digests were seen.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.errors import ReportError, StalePlan
from reconciler.core.finding import Rule
from reconciler.core.model import Diagnostic, Plan, TargetPlan
from reconciler.core.sealing import checksum

Document = Mapping[str, Any]


IS_WHAT_WAS_APPROVED = Rule("R240", "With an approved plan, a target is changed as that plan shows it.")
IS_UNDER_WHAT_WAS_APPROVED = Rule("R241", "An approved plan holds under the configuration that it was approved under.")
IS_STILL_TO_DO = Rule("W240", "What was approved is still to be done.")


def check(document: Document, path: str) -> None:
    """Raises ReportError when the reviewed file is not as it was written."""
    if document["checksum"] != checksum(document):
        raise ReportError(f"{path}: was changed after it was written (its checksum does not fit); make the plan anew")


def other_configuration(now: Document, approved: Document) -> str:
    """Why a reviewed plan approves nothing under the configuration that holds now, with the difference; empty when it is
    the same for every target. How single accounts are reached is part of their targets' digests."""
    if "configuration" not in approved:
        return IS_UNDER_WHAT_WAS_APPROVED.ends(
            "the approved plan does not say under which configuration it was made; plan again and have it reviewed"
        )
    before, after = approved["configuration"]["house"], now["house"]
    if before["digest"] == after["digest"]:
        return ""
    changed = _changed(_values(before), _values(after))
    return IS_UNDER_WHAT_WAS_APPROVED.ends(
        f"{now['file']} is not what was approved; {changed}; plan again and have it reviewed"
    )


def unapproved(plan: Plan, now: Document, approved: Document) -> list[Diagnostic]:
    """A refusal for each target whose change was not reviewed, with the difference between the two plans; a warning for
    each that was and needs none any more."""
    digests = {target["address"]: target["digest"] for target in approved["targets"]}
    acting = {str(one.target) for one in plan.targets if one.operations}
    acting |= {str(note.target) for note in plan.diagnostics if note.severity == "refusal"}  # it says so by itself
    idle = [
        IS_STILL_TO_DO.cited(
            Diagnostic("warning", f"{target['address']} was approved, and there is nothing to do about it any more")
        )
        for target in approved["targets"]
        if target["operations"] and target["address"] not in acting
    ]
    return idle + [
        IS_WHAT_WAS_APPROVED.cited(
            Diagnostic("refusal", _difference(one, now, approved), one.target, error=StalePlan.__name__)
        )
        for one in plan.targets
        if one.operations and digests.get(str(one.target)) != one.digest
    ]


def _difference(one: TargetPlan, now: Document, approved: Document) -> str:
    """What was approved and what would be done, as a difference of lines."""
    before, after = list(_lines(approved, str(one.target))), list(_lines(now, str(one.target)))
    what = "is not what was approved" if before else "was not in the approved plan"
    return f"{one.target} {what}; {_changed(before, after)}; plan again and have it reviewed"


def _changed(before: list[str], after: list[str]) -> str:
    changed = [
        line
        for line in difflib.unified_diff(before, after, lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    return f"approved (-) and now (+): {'; '.join(changed) or 'a sensitive value differs'}"


def _lines(document: Document, address: str) -> Iterator[str]:
    for target in document["targets"]:
        if target["address"] != address:
            continue
        for account in document.get("configuration", {}).get("accounts", ()):
            if address.startswith(f"{account['name']}/"):
                yield from _values(account)
        for action in target["actions"]:
            if action["verb"] == "none":
                continue
            yield f"{action['verb']} {action['address']}"
            for field in action["fields"]:
                yield f"{field['path']}: {field['before']} → {field['after']}"


def _values(settings: Mapping[str, Any]) -> list[str]:
    return [f"{path}: {value}" for path, value in settings["values"].items()]
