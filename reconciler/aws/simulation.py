"""Whether credentials may do something, as IAM's simulator says: nothing is tried.

A simulation knows the policies of the principal, its boundary and its organization; not those of a session, a bucket or a key. Where a
condition asks for what is not known, the answer is untold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.aws.client import Aws
from reconciler.core.errors import CallFailed
from reconciler.core.place import Place
from reconciler.core.rights import Decision, Right

ROOT = re.compile(r"arn:[\w-]+:iam::[0-9]{12}:root")
ASSUMED = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>[0-9]{12}):assumed-role/(?P<role>[^/]+)/.+")
MOST_RESOURCES = 50  # of one question
DECISIONS: Mapping[str, Decision] = {"allowed": "allowed", "explicitDeny": "denied", "implicitDeny": "denied"}


def decisions(aws: Aws, place: Place, caller: str, rights: Iterable[Right]) -> dict[Right, Decision]:
    """What is decided of each right; `caller` is the ARN that GetCallerIdentity tells. Raises AwsError where it may not be asked."""
    wanted = sorted(set(rights))
    if ROOT.fullmatch(caller):
        return dict.fromkeys(wanted, "allowed")
    principal = principal_of(aws, place, caller)
    told: dict[Right, Decision] = {}
    for actions, resources, context in questions(wanted):
        params = {
            "PolicySourceArn": principal,
            "ActionNames": actions,
            "ResourceArns": resources,
            "ContextEntries": [
                {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}
                for name, value in context
            ],
        }
        for page in aws.pages(place, "SimulatePrincipalPolicy", params, api="iam"):
            told |= {Right(action, resource, context): decision for action, resource, decision in results(page)}
    return {right: told.get(right, "untold") for right in wanted}


def principal_of(aws: Aws, place: Place, caller: str) -> str:
    """The user or role whose policies count. The ARN of a session leaves out the path of its role; who may not ask for it has to
    guess that there is none."""
    session = ASSUMED.fullmatch(caller)
    if not session:
        return caller
    try:
        return str(aws.call(place, "GetRole", {"RoleName": session["role"]}, api="iam").result["Role"]["Arn"])
    except CallFailed:
        return f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}"


def questions(rights: Iterable[Right]) -> Iterator[tuple[list[str], list[str], tuple[tuple[str, str], ...]]]:
    """Actions, resources and context of as few questions as ask for these rights and no others."""
    actions: dict[tuple[str, tuple[tuple[str, str], ...]], set[str]] = {}
    for right in rights:
        actions.setdefault((right.resource, right.context), set()).add(right.action)
    alike: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], list[str]] = {}
    for (resource, context), names in sorted(actions.items()):
        alike.setdefault((tuple(sorted(names)), context), []).append(resource)
    for (together, context), resources in alike.items():
        for start in range(0, len(resources), MOST_RESOURCES):
            yield [*together], resources[start : start + MOST_RESOURCES], context


def results(page: Mapping[str, Any]) -> Iterator[tuple[str, str, Decision]]:
    """Action, resource and decision of each result; of several resources AWS tells one by one."""
    for result in page["EvaluationResults"]:
        singles = result.get("ResourceSpecificResults") or [result]
        for single in singles:
            said = single.get("EvalResourceDecision", result["EvalDecision"])
            is_open = said == "implicitDeny" and (
                single.get("MissingContextValues") or result.get("MissingContextValues")
            )
            resource = single.get("EvalResourceName", "*")
            yield result["EvalActionName"], resource, "untold" if is_open else DECISIONS.get(said, "untold")
