"""How many execution environments a version has on managed instances, at the least and at the most. No call lists them, so a spec owns those
of the versions that it names; none takes one away, and `{}` asks for nothing, which is AWS's own measure (FACTS 10.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.core import service
from reconciler.core.finding import Finding, Rule, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.waiting import State, Wait
from reconciler.kinds.base import IS_THE_FUNCTION, NOT_DOCUMENTED, Kind, Section, Step, as_written, told
from reconciler.kinds.reading import Reading

_PUT, _GET, _MEMBER = "PutFunctionScalingConfig", "GetFunctionScalingConfig", "FunctionScalingConfig"
_REQUESTED, _APPLIED = f"Requested{_MEMBER}", f"Applied{_MEMBER}"
_PROVIDER = "CapacityProviderConfig"
LATEST_PUBLISHED = "$LATEST.PUBLISHED"
_PAGE = "https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionScalingConfig.html"

SCALING = Section(
    name="scaling",
    operation=_PUT,
    refused={
        "FunctionName": IS_THE_FUNCTION,
        "Qualifier": "the key under `scaling`",
        _MEMBER: "what stands below the key",
    },
    calls=(_PUT,),
    inside=_MEMBER,
    no_default=dict.fromkeys(("MinExecutionEnvironments", "MaxExecutionEnvironments"), NOT_DOCUMENTED),
    about="Version on managed instances, or $LATEST.PUBLISHED -> how many execution environments it has; `{}` asks for nothing.",
    keys={
        "pattern": r"^(\$LATEST\.PUBLISHED|[0-9]+)$",
        "maxLength": 128,
        "x-words": "a version's number, or $LATEST.PUBLISHED",
    },
)


def which(function: str, name: str) -> dict[str, str]:
    return {"FunctionName": function, "Qualifier": name}


# --- what AWS holds ------------------------------------------------------------------------------------------------


def single(function: str, name: str) -> tuple[str, Properties]:
    return _GET, which(function, name)


def several(name: str, answer: Properties) -> list[Properties]:
    """The answer with the name by which it was asked for."""
    return [{**answer, "Name": name}]


def live(target: Target, answer: Properties) -> Live:
    """What was asked for; what is applied moves by itself."""
    requested = SCALING.cut(answer.get(_REQUESTED) or {})
    return Live(Key(target, "scaling", answer["Name"]), requested, {_REQUESTED: requested})


def of_managed_functions(lives: Iterable[Live]) -> frozenset[str]:
    """Of others AWS refuses to tell."""
    configurations = [part(live.properties, "configuration") for live in lives if live.key.kind == "function"]
    return frozenset({LATEST_PUBLISHED} if any(found.get(_PROVIDER) for found in configurations) else ())


# --- how it compares, and changes ----------------------------------------------------------------------------------


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    """Only what is named, for what AWS makes of the rest is not known; nothing named is nothing asked for."""
    return dict(service.comparable(live, desired, SCALING.shape))


def sent(function: str, name: str, properties: Properties) -> list[Step]:
    return [Step(_PUT, {**which(function, name), **({_MEMBER: dict(properties)} if properties else {})})]


def create(function: str, name: str, properties: Properties) -> list[Step]:
    return sent(function, name, properties) if properties else []


def update(function: str, name: str, properties: Properties, _: frozenset[str], handle: Properties) -> list[Step]:
    """With what was asked for and git does not name, for a call replaces it."""
    return sent(function, name, {**handle[_REQUESTED], **properties} if properties else {})


def delete(_function: str, _name: str, _handle: Properties) -> list[Step]:
    return []


def after(_operation: str, params: Properties, _: Properties | None) -> dict[str, Any]:
    return dict(params.get(_MEMBER, {}))


# --- waits ---------------------------------------------------------------------------------------------------------


def look(target: Target, wanted: Properties, _: State) -> tuple[str, Properties]:
    return single(target.function, wanted["Name"])


def is_applied(state: State, _: Target, wanted: Properties) -> bool:
    """Where nothing is asked for, AWS's own measure is not known."""
    if state is wanted:
        return False
    requested, applied = ((state or {}).get(side) or {} for side in (_REQUESTED, _APPLIED))
    return all(applied.get(member) == value for member, value in requested.items())


def standing(state: State) -> str:
    requested, applied = (dict((state or {}).get(side) or {}) for side in (_REQUESTED, _APPLIED))
    return f"of the execution environments {requested} are asked for and {applied} applied"


# --- what is worth saying ------------------------------------------------------------------------------------------


def warning(before: Properties | None, after: Properties) -> str:
    if after.get("MaxExecutionEnvironments") != 0 or before == after:
        return ""
    return "of 0 leaves the version without execution environments: no invocation of it runs until the number is raised"


def listed(live: Live) -> dict[str, Any]:
    return {"qualifier": live.key.name, **live.properties}


@Rule("W217", "Execution environments are counted of functions on managed instances.", _PAGE)
def is_for_managed_functions(spec: Mapping[str, Any]) -> Iterator[Finding]:
    configuration = part(spec, "configuration")
    if part(spec, SCALING.name) and configuration and _PROVIDER not in configuration:
        message = f"scaling is for functions with configuration.{_PROVIDER}; of others AWS refuses it: take one of the two out, or the other in"
        yield Finding(f"/{SCALING.name}", message, is_key=True)


CALLS = (told(_PUT, "Put", "Function Scaling Config", ("scaling-applied",), is_upsert=True),)

MANAGED_SCALE = Kind(
    name="scaling",
    section="scaling",
    sections=(SCALING,),
    reading=Reading(single, live, several=several),
    calls=CALLS,
    waits=(Wait("scaling-applied", look, is_applied, standing, is_scarce=True, is_slow=True),),
    cautions=(is_for_managed_functions,),
    normal=as_written,
    create=create,
    update=update,
    delete=delete,
    compared=compared,
    state=as_written,
    after=after,
    whole=of_managed_functions,
    is_always_there=True,
    warning=warning,
    listed=listed,
)
