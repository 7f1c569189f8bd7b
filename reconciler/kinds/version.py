"""Published versions: made by `publish: true`, addressed by number or as `published`, deleted by `state: absent`.

A version is immutable, so nothing is ever updated; whether one must be published is decided by `differs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.core import service
from reconciler.core.errors import SettleFailed
from reconciler.core.finding import Finding, Rule, named, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.waiting import State, Wait
from reconciler.kinds.base import (
    IS_A_GUARD,
    IS_PUBLISH,
    IS_THE_FUNCTION,
    Kind,
    Section,
    Step,
    as_written,
    told,
    versions_of,
)
from reconciler.kinds.code import CODE, live_code
from reconciler.kinds.configuration import (
    CONFIGURATION,
    HANDLED,
    answered_configuration,
    is_sensitive,
    normal_configuration,
    standing,
)
from reconciler.kinds.reading import Listing, Reading

RETAIN = "retain"  # in a spec, beside the numbers: which versions stay

PUBLISH = Section(
    name="publish",
    operation="PublishVersion",
    refused={
        "FunctionName": IS_THE_FUNCTION,
        "Description": "a version takes the function's Description; AWS ignores this one when nothing changed",
        "CodeSha256": IS_A_GUARD,
        "RevisionId": IS_A_GUARD,
        "PublishTo": IS_PUBLISH,
    },
    calls=("PublishVersion",),
)


def single(function: str, name: str) -> tuple[str, Properties]:
    return "GetFunction", {"FunctionName": function, "Qualifier": name}


def live(target: Target, answer: Properties) -> Live | None:
    """A published version's configuration; `$LATEST` is the function itself."""
    configuration = answer.get("Configuration", answer)
    if not str(configuration.get("Version", "")).isdigit():
        return None
    code = {"CodeSha256": live_code(configuration, {})["CodeSha256"]}
    properties = {"configuration": answered_configuration(configuration), "code": code}
    handle = {name: configuration[name] for name in HANDLED if name in configuration}
    return Live(Key(target, "version", configuration["Version"]), properties, handle)


def newest_number(resources: Iterable[Live]) -> int:
    """The highest number of a version among some resources; 0 where there is none."""
    return max((int(live.key.name) for live in resources if live.key.kind == "version"), default=0)


READING = Reading(
    single,
    live,
    Listing("ListVersionsByFunction", "Versions"),
    everywhere=Listing("ListFunctions", "Functions", {"FunctionVersion": "ALL"}),
)

# A version may have been published with a Description of its own, and AWS would not publish again for that.
_NOT_COMPARED = {"Description"}


def content(properties: Properties, function: str) -> dict[str, Any]:
    """What PublishVersion compares: the code's hash and the configuration, in normal form."""
    configuration = normal_configuration(properties[CONFIGURATION.name], function)
    members = {name: value for name, value in configuration.items() if name not in _NOT_COMPARED}
    return {CONFIGURATION.name: members, CODE.name: properties[CODE.name]["CodeSha256"]}


def after(operation: str, _: Properties, state: Properties | None) -> dict[str, Any] | None:
    """Nothing but a deletion changes a version; what a publication makes is $LATEST, as the function's state has it."""
    return None if operation == "DeleteFunction" or state is None else dict(state)


def create(function: str, _: str, properties: Properties) -> list[Step]:
    guard = {"CodeSha256": properties["CodeSha256"]} if properties.get("CodeSha256") else {}
    return [Step("PublishVersion", {"FunctionName": function, **guard})]


def update(
    _function: str, _name: str, _properties: Properties, _differing: frozenset[str], _handle: Properties
) -> list[Step]:
    return []


def delete(function: str, name: str, _: Properties) -> list[Step]:
    return [Step("DeleteFunction", {"FunctionName": function, "Qualifier": name}, settle=())]


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    common = service.comparable(live["configuration"], desired["configuration"], service.request("CreateFunction"))
    return {**live, "configuration": common}


def number(live: Live) -> str:
    return live.key.name


@Rule(
    "R051",
    "A version that an alias of the spec uses is not deleted.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html",
)
def deletes_no_version_in_use(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, number, _ in named(spec, "versions"):
        for _, name, alias in named(spec, "aliases"):
            if number in versions_of(alias):
                yield Finding(at, f"version {number} is used by alias {name}; move the alias first", is_key=True)


@Rule("R336", "Versions are kept by their number, their age, or both.")
def keeps_by_number_or_age(spec: Mapping[str, Any]) -> Iterator[Finding]:
    written = part(spec, "versions")
    if RETAIN in written and written[RETAIN] == {}:
        yield Finding(f"/versions/{RETAIN}", "retain keeps nothing; write {newest: 10, days: 30}, or one of the two")


def is_version_active(state: State, target: Target, _: Properties) -> bool:
    if not state or state.get("State") == "Failed":
        if state:
            code = state.get("StateReasonCode", "")
            raise SettleFailed(
                f"{target}: version {state.get('Version')} Failed: {state.get('StateReason', '')} ({code})",
                code=str(code),
            )
        return False
    return state.get("State") == "Active"


def look(target: Target, answered: Properties, _: State) -> tuple[str, Properties]:
    return single(target.function, answered["Version"])


CALLS = (told("PublishVersion", "Publish", "Function Version", ("version-active",)),)

VERSION = Kind(
    name="version",
    section="versions",
    sections=(PUBLISH,),
    words_for_all=frozenset({RETAIN}),
    reading=READING,
    calls=CALLS,
    normal=as_written,
    create=create,
    update=update,
    delete=delete,
    compared=compared,
    is_sensitive=is_sensitive,
    state=content,
    after=after,
    waits=(
        Wait(
            "version-active",
            look,
            is_version_active,
            standing,
            "Configuration",
            is_named_by_answer=True,
            usual_seconds=0.0,
        ),
    ),
    rules=(deletes_no_version_in_use, keeps_by_number_or_age),
    named_by="Version",
    counts_as_deletion=False,
    listed=number,
)
