"""Permissions: who may invoke a function, or an alias or version of it. AWS keeps them as the statements of a resource policy, one for
each qualifier, and no call lists a function's policies: so a spec owns those of the qualifiers that it names (FACTS 8)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from reconciler.core import service
from reconciler.core.diff import escaped
from reconciler.core.finding import Finding, Rule, named, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.sealing import digest
from reconciler.kinds import iam
from reconciler.kinds import qualifier as qualifiers
from reconciler.kinds.base import (
    IS_A_GUARD,
    IS_REQUIRED,
    IS_THE_FUNCTION,
    LATEST,
    LETTERS,
    Kind,
    Section,
    Step,
    told,
)
from reconciler.kinds.reading import Reading

_AUTH, _BY_URL, _BY_URL_ACTION = "FunctionUrlAuthType", "InvokedViaFunctionUrl", "lambda:InvokeFunctionUrl"
_ADD, _REMOVE = "AddPermission", "RemovePermission"
_WRITTEN_WHOLE = "a statement is written whole, so what it does not say is not there"

PERMISSIONS = Section(
    name="permissions",
    operation=_ADD,
    refused={
        "FunctionName": IS_THE_FUNCTION,
        "Qualifier": "the key under `permissions`",
        "RevisionId": IS_A_GUARD,
        "StatementId": "the key under the qualifier",
    },
    calls=(_ADD,),
    no_default={
        "Action": IS_REQUIRED,
        "Principal": IS_REQUIRED,
        **dict.fromkeys(
            (
                *("EventSourceToken", "FunctionUrlAuthType", "InvokedViaFunctionUrl", "PrincipalOrgID"),
                *("SourceAccount", "SourceArn"),
            ),
            _WRITTEN_WHOLE,
        ),
    },
    about="Alias, version or $LATEST -> Sid -> who may do what with it. Of a qualifier that is here, a statement that is not is "
    "deleted; the policies of other qualifiers are not read.",
    keys={
        "pattern": r"^(\$LATEST|[a-zA-Z0-9-_]+)$",
        "maxLength": 128,
        "x-words": "an alias's name, a version's number, or $LATEST for the function itself",
    },
    words={iam.WORD: iam.DOCUMENT},
    inner_keys={"pattern": "^[a-zA-Z0-9-_]+$", "maxLength": 100, "x-words": LETTERS},
    required=("Action", "Principal"),
)

# Of a statement's condition: operator, and key in small letters, for AWS does not tell its case apart -> member.
_CONDITIONS: Mapping[tuple[str, str], str] = {
    ("ArnLike", "aws:sourcearn"): "SourceArn",
    ("StringEquals", "aws:sourceaccount"): "SourceAccount",
    ("StringEquals", "aws:principalorgid"): "PrincipalOrgID",
}
_KNOWN = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
_SID = re.compile("[a-zA-Z0-9-_.]{1,100}")  # what RemovePermission takes
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
_BOOLEANS = {"true": True, "false": False}
OPAQUE = "statement"  # ours: one that AddPermission cannot say, as JSON


def qualifier(name: str, _: Properties) -> str:
    return qualifiers.qualifier(policy_of(name), {})


def which(function: str, name: str) -> dict[str, str]:
    """The params that say which policy a call is about."""
    return qualifiers.which(function, policy_of(name))


def policy_of(name: str) -> str:
    return name.partition("/")[0]


# --- what AWS holds ------------------------------------------------------------------------------------------------


def single(function: str, name: str) -> tuple[str, Properties]:
    return "GetPolicy", which(function, name)


def several(name: str, answer: Properties) -> list[Properties]:
    """Each statement of a policy, with what it is called: one whose Sid is none, or not its own, by what it says."""
    written = json.loads(answer["Policy"]).get("Statement", [])
    statements = written if isinstance(written, list) else [written]
    sids = Counter(statement.get("Sid") for statement in statements)
    items = {}
    for statement in statements:
        sid = statement.get("Sid") if sids[statement.get("Sid")] == 1 else ""
        called = sid or f"unnamed-{digest(statement)[:8]}"
        key = f"{policy_of(name)}/{called}"
        items[key] = {"Name": key, "Statement": statement, "RevisionId": answer.get("RevisionId", ""), "Sid": sid}
    return list(items.values())


def live(target: Target, answer: Properties) -> Live:
    name, statement = answer["Name"], answer["Statement"]
    said = said_of(statement, target, qualifier(name, {}))
    handle = {"RevisionId": answer["RevisionId"]} | ({"Sid": answer["Sid"]} if answer["Sid"] else {})
    return Live(Key(target, "permission", name), said or {OPAQUE: _json(statement)}, handle)


def said_of(statement: Properties, target: Target, of: str) -> dict[str, Any]:
    """A statement in AddPermission's members; empty where that call could not have written it."""
    said = {
        "Action": iam.only(statement.get("Action")),
        "Principal": _principal(statement.get("Principal")),
        **_conditions(statement.get("Condition") or {}),
    }
    is_whole = set(statement) <= _KNOWN and statement.get("Effect") == "Allow" and None not in said.values()
    return said if is_whole and not is_of_no_url(said) and _is_of(statement.get("Resource"), target, of) else {}


def _principal(written: Any) -> Any:
    """Whom a statement names, by the one text that AddPermission has for it; None where it has none."""
    if written == "*":
        return written
    ((sort, named),) = written.items() if isinstance(written, Mapping) and len(written) == 1 else (("", None),)
    whom = iam.only(named)
    is_service = isinstance(whom, str) and "." in whom and not whom.startswith("arn:")
    return whom if {"AWS": not is_service, "Service": is_service}.get(sort) else None


@cache
def conditions() -> Mapping[tuple[str, str], str]:
    """Every condition that stands for a member. The keys of Lambda's own are called like their member."""
    own = PERMISSIONS.members - {"Action", "Principal", *_CONDITIONS.values()}
    shapes = service.request(_ADD).members
    operators = {member: "Bool" if shapes[member].type_name == "boolean" else "StringEquals" for member in own}
    return {**_CONDITIONS, **{(operators[member], f"lambda:{member}".lower()): member for member in own}}


def _conditions(written: Mapping[str, Any]) -> dict[str, Any]:
    """The members that stand for the conditions; None is the value of what no member stands for."""
    said: dict[str, Any] = {}
    for operator, keys in written.items():
        for key, value in keys.items():
            member = conditions().get((operator, key.lower()), "")
            only = iam.only(value) if member not in said else None
            said[member] = _BOOLEANS.get(str(only).lower()) if operator == "Bool" else only
    return {member: value if member else None for member, value in said.items()}


def _is_of(resource: Any, target: Target, of: str) -> bool:
    """Whether a statement is about what its policy hangs on."""
    parts = str(iam.only(resource)).split(":")
    wanted = ["lambda", target.region, "function", target.function, of]
    return [*parts[2:4], *parts[5:7], ":".join(parts[7:]).removeprefix(LATEST)] == wanted


def _json(statement: Properties) -> str:
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


# --- how it compares, and changes ----------------------------------------------------------------------------------


def normal(properties: Properties, _: str) -> dict[str, Any]:
    """An account is its number, in whatever partition AWS shows its root."""
    return {member: iam.account_of(value) if member == "Principal" else value for member, value in properties.items()}


def compared(live: Properties, _: Properties) -> dict[str, Any]:
    return dict(live)


def which_statement(function: str, name: str) -> dict[str, str]:
    return {**which(function, name), "StatementId": name.partition("/")[2]}


def create(function: str, name: str, properties: Properties) -> list[Step]:
    return [Step(_ADD, {**which_statement(function, name), **properties})]


def update(function: str, name: str, properties: Properties, _: frozenset[str], __: Properties) -> list[Step]:
    return [Step(_REMOVE, which_statement(function, name), is_adjoining=True), *create(function, name, properties)]


def delete(function: str, name: str, handle: Properties) -> list[Step]:
    return [Step(_REMOVE, which_statement(function, name))] if "Sid" in handle else []


def after(operation: str, params: Properties, _: Properties | None) -> dict[str, Any] | None:
    said = {member: value for member, value in params.items() if member in PERMISSIONS.members}
    return None if operation == _REMOVE else normal(said, "")


def undeletable(live: Live) -> str:
    if _SID.fullmatch(live.handle.get("Sid", "")):
        return ""
    return (
        "RemovePermission finds a statement by a Sid of its own, of letters, digits and -_., and this one has none; "
        f"write permissions.{policy_of(live.key.name)}.policy, which takes the place of all statements"
    )


# --- what is worth saying ------------------------------------------------------------------------------------------


def remark(live: Live) -> str:
    if OPAQUE in live.properties:
        return f"which is {live.properties[OPAQUE]}"
    said = normal(live.properties, "")
    whom, action = said.pop("Principal"), said.pop("Action")
    return ", ".join([f"of {whom}: {action}", *(f"{member} {_shown(value)}" for member, value in sorted(said.items()))])


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_open(properties: Properties) -> bool:
    """Whether everybody of every account is let in; whom a URL lets in the URL itself says."""
    is_narrowed = "PrincipalOrgID" in properties or "FunctionUrlAuthType" in properties
    return properties.get("Principal") == "*" and not is_narrowed and properties.get(_BY_URL) is not True


def warning(before: Properties | None, after: Properties) -> str:
    if not is_open(after) or (before and is_open(before)):
        return ""
    return f"lets everybody of every AWS account do {after['Action']}; write a PrincipalOrgID, or whom it is for"


def listed(live: Live) -> dict[str, Any]:
    of, _, sid = live.key.name.partition("/")
    return {"qualifier": of, "statementId": sid, **live.properties}


# --- over one document ---------------------------------------------------------------------------------------------


def statements(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(pointer, qualifier, Sid, members) of every statement that a spec says."""
    for at, of, inner in named(spec, PERMISSIONS.name):
        for sid, members in inner.items():
            if isinstance(members, dict) and sid not in PERMISSIONS.words:
                yield f"{at}/{escaped(sid)}", of, sid, members


LARGEST = 20_480


@Rule(
    "R072",
    "A policy is at most 20,480 characters.",
    "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
)
def has_room_for_all(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Counted without what AWS adds to each statement, so that it is surely more."""
    for at, of, inner in named(spec, PERMISSIONS.name):
        size = sum(len(sid) + len(_json(members)) for sid, members in inner.items() if isinstance(members, dict))
        if size > LARGEST:
            message = f"the policy of {of} is more than {size} characters; the most is {LARGEST}: let one statement stand for several"
            yield Finding(at, message, is_key=True)


def is_of_no_url(members: Mapping[str, Any]) -> bool:
    """Whether a statement names how a URL asks who comes, and is of another action."""
    return _AUTH in members and members.get("Action") != _BY_URL_ACTION


@Rule("R071", "FunctionUrlAuthType stands in statements of lambda:InvokeFunctionUrl, and of no other action.")
def asks_who_comes_by_url(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, _, members in statements(spec):
        if is_of_no_url(members):
            message = f"{_AUTH} is of {_BY_URL_ACTION} alone; take it out, or write {_BY_URL}: true for invocations by the URL"
            yield Finding(f"{at}/{_AUTH}", message, is_key=True)


@Rule("W218", "`permissions` names the qualifiers whose policies the spec owns.")
def names_a_qualifier(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if part(spec, PERMISSIONS.name) == {} == spec.get(PERMISSIONS.name):
        message = (
            "permissions names no qualifier, so nobody's permissions are owned; for nobody to invoke the function itself write "
            f"permissions: {{{LATEST}: {{}}}}"
        )
        yield Finding(f"/{PERMISSIONS.name}", message, is_key=True)


@Rule(
    "W220",
    "A service is let in for one source or account alone, or whoever can make it call does.",
    "https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html",
)
def names_a_source(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, sid, members in statements(spec):
        principal, source = members.get("Principal"), members.get("SourceArn")
        is_service = isinstance(principal, str) and _SERVICE.fullmatch(principal)
        if not is_service or {"SourceAccount", "PrincipalOrgID"} & set(members):
            continue
        if not isinstance(source, str):
            what = (
                f"{sid} lets {principal} in for whomever it works, in any AWS account; write SourceArn or SourceAccount"
            )
        elif source.split(":")[4:5] == [""]:
            what = f"{sid} names a source that could become another account's, for {source} says none; write SourceAccount as well"
        else:
            continue
        yield Finding(at, what, is_key=True)


CALLS = (told(_ADD, "Add", "Function Permission"), told(_REMOVE, "Remove", "Function Permission"))

PERMISSION = Kind(
    name="permission",
    section=PERMISSIONS.name,
    sections=(PERMISSIONS,),
    reading=Reading(single, live, several=several),
    calls=CALLS,
    rules=(has_room_for_all, asks_who_comes_by_url),
    cautions=(names_a_qualifier, names_a_source),
    normal=normal,
    create=create,
    update=update,
    delete=delete,
    compared=compared,
    state=normal,
    after=after,
    revised_as=policy_of,
    qualifier=qualifier,
    remark=remark,
    interruption="removed and added again, for AWS changes no statement: in between callers may be refused",
    undeletable=undeletable,
    warning=warning,
    listed=listed,
)
