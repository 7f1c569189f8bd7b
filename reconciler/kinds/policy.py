"""Whole policies: what a function, or an alias or version of it, lets others do, in all of IAM's language, where AddPermission's members
are not enough. Sent whole by PutResourcePolicy, read and guarded by GetResourcePolicy and nothing else (FACTS 8)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.finding import Finding, Rule, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.values import LocalArn
from reconciler.kinds import iam
from reconciler.kinds.base import IS_A_GUARD, LATEST, Kind, Section, Step, told
from reconciler.kinds.qualifier import qualifier
from reconciler.kinds.reading import Reading

_PUT, _GET, _DELETE = "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"
_SECTION = "permissions"
_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements"
POLICY = Section(
    name=iam.WORD,
    operation=_PUT,
    refused={
        "ResourceArn": "the key under `permissions`, and the spec's `function`",
        "Policy": "written as a map, under `policy`",
        "RevisionId": IS_A_GUARD,
    },
    calls=(_PUT, _DELETE),
    is_in_our_words=True,
    about="A qualifier's policy, whole.",
    required=("Version", "Statement"),
)


def which(function: str, name: str) -> dict[str, Any]:
    end = f":{name}" if name != LATEST else ""
    return {"ResourceArn": LocalArn(f"function:{function}{end}")}


# --- what AWS holds ------------------------------------------------------------------------------------------------


def single(function: str, name: str) -> tuple[str, Properties]:
    return _GET, which(function, name)


def several(name: str, answer: Properties) -> list[Properties]:
    """The answer with the name by which it was asked for, which it does not say."""
    return [{**answer, "Name": name}]


def live(target: Target, answer: Properties) -> Live:
    held = meant(json.loads(answer["Policy"]))
    return Live(Key(target, "policy", answer["Name"]), held, {"RevisionId": answer.get("RevisionId", "")})


def meant(document: Properties) -> dict[str, Any]:
    """A document with its statements by name, so that each is seen by itself and their order says nothing."""
    written = document.get("Statement", [])
    return {**document, "Statement": iam.named(written if isinstance(written, list) else [written])}


def written(properties: Properties) -> dict[str, Any]:
    """A document as a spec has it; the inverse of `meant`."""
    document: dict[str, Any] = json.loads(iam.written(properties))
    return document


def nothing_by_itself(_: Iterable[Live]) -> frozenset[str]:
    """Where all permissions are meant, GetPolicy tells them."""
    return frozenset()


# --- how it compares, and changes ----------------------------------------------------------------------------------


def normal(properties: Properties, _: str) -> dict[str, Any]:
    return {"Version": "2008-10-17", "Id": "", **properties}  # what IAM takes a policy for that names none


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    return {**live, "Id": desired.get("Id", "")}


def create(function: str, name: str, properties: Properties) -> list[Step]:
    return [Step(_PUT, {**which(function, name), "Policy": iam.written(properties)})]


def update(function: str, name: str, properties: Properties, _: frozenset[str], __: Properties) -> list[Step]:
    return create(function, name, properties)


def delete(function: str, name: str, _: Properties) -> list[Step]:
    return [Step(_DELETE, which(function, name))]


def after(operation: str, params: Properties, _: Properties | None) -> dict[str, Any] | None:
    return None if operation == _DELETE else normal(meant(json.loads(params["Policy"])), "")


def taken_along(before: Properties, after: Properties) -> list[str]:
    """The statements that a policy no longer has."""
    return sorted(set(before["Statement"]) - set(after["Statement"]))


# --- what is worth saying ------------------------------------------------------------------------------------------


def remark(live: Live) -> str:
    return f"with {', '.join(sorted(live.properties.get('Statement', {}))) or 'no statement'}"


def is_open(statement: Any) -> bool:
    """Whether everybody of every account is let in, if only beside others, or all but some."""
    if statement.get("Effect") != "Allow" or statement.get("Condition"):
        return False
    whom = statement.get("Principal")
    return whom == "*" or "NotPrincipal" in statement or "*" in iam.listed(part({"whom": whom}, "whom").get("AWS"))


def warning(before: Properties | None, after: Properties) -> str:
    held = before["Statement"] if before else {}
    opened = [name for name, said in after["Statement"].items() if is_open(said) and not is_open(held.get(name, {}))]
    if not opened:
        return ""
    return f"lets everybody of every AWS account in, by {', '.join(opened)}; write a Condition, or whom it is for"


# --- rules over one document ---------------------------------------------------------------------------------------


def policies(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(pointer, qualifier, what stands below it) of each qualifier whose policy is written whole."""
    for name in part(spec, _SECTION):
        inner = part(spec, _SECTION, name)
        if iam.WORD in inner:
            yield f"/{_SECTION}/{escaped(name)}", name, inner


def statements(inner: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(pointer below the qualifier, statement) of each."""
    held = part(inner, iam.WORD).get("Statement")
    for index, statement in enumerate(held if isinstance(held, list) else ()):
        if isinstance(statement, dict):
            yield f"/{iam.WORD}/Statement/{index}", statement


@Rule(
    "R085",
    "A qualifier's policy is written whole, or by its statements, for PutResourcePolicy takes the place of all of them.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_PutResourcePolicy.html",
)
def is_written_in_one_way(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, name, inner in policies(spec):
        for sid in (sid for sid in inner if sid != iam.WORD):
            message = f"{name} has its policy written whole, so {sid} would be gone again; move it into the policy's Statement"
            yield Finding(f"{at}/{escaped(sid)}", message, is_key=True)


@Rule("R086", "Each statement of a policy has a Sid of its own, or none.", f"{_PAGE}_sid.html")
def has_each_sid_once(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, inner in policies(spec):
        seen = set[str]()
        for below, statement in statements(inner):
            sid = str(statement.get("Sid", ""))
            if sid in seen:
                yield Finding(f"{at}{below}/Sid", f"another statement of this policy is {sid} as well")
            seen |= {sid} - {""}


@Rule("R087", "A statement says whom it is for, and what it is about, in one way each.", f"{_PAGE}_principal.html")
def says_whom_and_what(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, inner in policies(spec):
        for below, statement in statements(inner):
            for word in ("Principal", "Action"):
                said = [member for member in (word, f"Not{word}") if member in statement]
                if len(said) != 1:
                    yield Finding(f"{at}{below}", f"a statement needs {word} or Not{word}, and not both", is_key=True)


@Rule("R088", "A condition's key stands once below its operator, for its case says nothing.", f"{_PAGE}_condition.html")
def has_each_key_once(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, inner in policies(spec):
        for below, statement in statements(inner):
            for operator in part(statement, "Condition"):
                seen = set[str]()
                for key in part(statement, "Condition", operator):
                    if key.lower() in seen:
                        where = f"{at}{below}/Condition/{escaped(operator)}/{escaped(key)}"
                        message = f"{key} stands here in another case, too; write one with both values"
                        yield Finding(where, message, is_key=True)
                    seen.add(key.lower())


@Rule("R089", "A policy that is written whole leaves none of its statements to others.")
def leaves_nothing_to_others(spec: Mapping[str, Any]) -> Iterator[Finding]:
    whole = {name for _, name, _ in policies(spec)}
    ignored = spec.get("ignore")
    for index, pointer in enumerate(ignored if isinstance(ignored, list) else ()):
        steps = str(pointer).split("/")[1:]
        if steps[:1] == [_SECTION] and len(steps) > 2 and steps[1] in whole and steps[2] not in (iam.WORD, "*"):
            message = f"{steps[1]} has its policy written whole, which takes the place of all statements; ignore /{_SECTION}/{steps[1]}, or write it by Sids"
            yield Finding(f"/ignore/{index}", message)


CALLS = (told(_PUT, "Put", "Resource Policy", is_upsert=True), told(_DELETE, "Delete", "Resource Policy"))

WHOLE_POLICY = Kind(
    name="policy",
    section=_SECTION,
    sections=(POLICY,),
    below=iam.WORD,
    reading=Reading(single, live, several=several),
    calls=CALLS,
    rules=(is_written_in_one_way, has_each_sid_once, says_whom_and_what, has_each_key_once, leaves_nothing_to_others),
    normal=normal,
    create=create,
    update=update,
    delete=delete,
    meant=meant,
    written=written,
    compared=compared,
    state=normal,
    after=after,
    whole=nothing_by_itself,
    taken_along=taken_along,
    qualifier=qualifier,
    remark=remark,
    warning=warning,
)
