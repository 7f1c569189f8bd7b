"""Provisioned concurrency: how many executions of an alias or version are kept started, and who scales that number. AWS follows an
alias to its next version, which takes minutes, and keeps the traffic on the version that is warm meanwhile (FACTS 10.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.errors import SettleFailed
from reconciler.core.finding import Finding, Rule, named, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.waiting import State, Wait
from reconciler.kinds import autoscaling
from reconciler.kinds.base import IS_REQUIRED, IS_THE_FUNCTION, LATEST, Call, Kind, Section, Step
from reconciler.kinds.qualifier import qualifier_of
from reconciler.kinds.reading import Beside, Listing, Reading
from reconciler.kinds.unsaid import never_abreast

_PUT, _DELETE = "PutProvisionedConcurrencyConfig", "DeleteProvisionedConcurrencyConfig"
NUMBER, SCALED = "ProvisionedConcurrentExecutions", "autoscaling"
_REQUESTED, _NAME = f"Requested{NUMBER}", "Qualifier"
_TARGETS, _POLICIES, _ACTIONS = "ScalableTargets", "ScalingPolicies", "ScheduledActions"
_SAYS = (f"Allocated{NUMBER}", f"Available{NUMBER}", "Status", "StatusReason")
_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html"

PROVISIONED = Section(
    name="provisioned_concurrency",
    operation=_PUT,
    refused={"FunctionName": IS_THE_FUNCTION, _NAME: "the key under `provisioned_concurrency`"},
    calls=(_PUT,),
    no_default={NUMBER: IS_REQUIRED},
    about="Alias or version -> how many of its executions are kept started. One that is not here keeps none.",
    keys={
        "pattern": "^[a-zA-Z0-9-_]+$",
        "maxLength": 128,
        "x-words": "an alias's name or a version's number; nothing is kept started for $LATEST",
    },
    own={SCALED: autoscaling.SCHEMA},
    required=(NUMBER,),
)


def which(function: str, name: str) -> dict[str, str]:
    """The params that say which one a call is about."""
    return {"FunctionName": function, _NAME: name}


def single(function: str, name: str) -> tuple[str, Properties]:
    return "GetProvisionedConcurrencyConfig", which(function, name)


def several(name: str, answer: Properties) -> list[Properties]:
    """AWS does not say which one it tells of."""
    return [{**answer, _NAME: name}]


def live(target: Target, answer: Properties) -> Live:
    """One that only Application Auto Scaling knows has no number: its alias is new, or it was scaled to none."""
    number = {NUMBER: answer[_REQUESTED]} if _REQUESTED in answer else {}
    scaled: dict[str, Any] = {}
    for item in answer.get(_TARGETS, ()):  # one at the most
        scaled[SCALED] = autoscaling.described(item, answer.get(_POLICIES, []), answer.get(_ACTIONS, []))
    handle = {name: answer[name] for name in _SAYS if name in answer}
    name = answer.get(_NAME) or qualifier_of(answer)
    return Live(
        Key(target, "provisioned_concurrency", name), number | scaled, {**handle, **number, SCALED: bool(scaled)}
    )


def _scaling_of(item: Properties) -> tuple[str, str]:
    _, function, name = [*item["ResourceId"].split(":"), "", ""][:3]
    return function, name


def _about(function: str, name: str) -> dict[str, Any]:
    return {**autoscaling.NAMESPACE, "ResourceId": autoscaling.resource_id(function, name)}


def _about_target(function: str, name: str) -> dict[str, Any]:
    return {**autoscaling.NAMESPACE, "ResourceIds": [autoscaling.resource_id(function, name)]}


def numbers(page: Properties) -> list[int]:
    """How many are kept started for each alias and version of a listing's page."""
    return [int(item[_REQUESTED]) for item in page.get("ProvisionedConcurrencyConfigs", ())]


READING = Reading(
    single,
    live,
    Listing("ListProvisionedConcurrencyConfigs", "ProvisionedConcurrencyConfigs"),
    several=several,
    beside=(
        Beside(Listing("DescribeScalableTargets", _TARGETS, autoscaling.NAMESPACE), _about_target, _scaling_of),
        Beside(Listing("DescribeScalingPolicies", _POLICIES, autoscaling.NAMESPACE), _about, _scaling_of),
        Beside(Listing("DescribeScheduledActions", _ACTIONS, autoscaling.NAMESPACE), _about, _scaling_of),
    ),
)


def left(live: Live) -> Live | None:
    """What stays when the function goes: who scales it."""
    scaled = live.properties.get(SCALED)
    return replace(live, properties={SCALED: scaled}, handle={SCALED: True}) if scaled else None


def normal(properties: Properties, _: str) -> dict[str, Any]:
    return {**properties, SCALED: autoscaling.normal(properties.get(SCALED) or {})}


def compared(live: Properties, wanted: Properties) -> dict[str, Any]:
    """A number that scaling may have come to is the wanted one; none is one as well, where it may come to none."""
    held, scaled = live[SCALED], wanted[SCALED]
    is_scaled = scaled and (
        autoscaling.is_in_place(live[NUMBER], held, scaled)
        if NUMBER in live
        else held and autoscaling.bounds(scaled)[0] == 0
    )
    moved = {NUMBER: wanted[NUMBER]} if is_scaled and NUMBER in wanted else {}
    return {**live, SCALED: autoscaling.compared(held, scaled), **moved}


def create(function: str, name: str, properties: Properties) -> list[Step]:
    scaled = normal(properties, function)[SCALED]
    made = Step(_PUT, {**which(function, name), NUMBER: properties[NUMBER]})
    return [made, *autoscaling.steps(function, name, scaled, frozenset(), is_new=True)]


def update(
    function: str, name: str, properties: Properties, differing: frozenset[str], handle: Properties
) -> list[Step]:
    """A lower number goes where one that ends does, whoever sets it: what is reserved may have no room for both."""
    held, scaled = handle.get(NUMBER, 0), properties[SCALED]
    steps = []
    if NUMBER in differing:
        number = properties[NUMBER]
        steps.append(Step(_PUT, {**which(function, name), NUMBER: number}, placed_as=_DELETE if number < held else ""))
    below = frozenset(path.removeprefix(f"{SCALED}/") for path in differing if path != NUMBER)
    for step in autoscaling.steps(function, name, scaled, below, is_new=not handle.get(SCALED)) if below else ():
        is_lower = step.operation == autoscaling.REGISTER and held > scaled[autoscaling.MOST]
        steps.append(replace(step, placed_as=_DELETE) if is_lower else step)
    return steps


def delete(function: str, name: str, handle: Properties) -> list[Step]:
    return [
        *([Step(autoscaling.DEREGISTER, autoscaling.which(function, name))] if handle.get(SCALED) else []),
        *([Step(_DELETE, which(function, name))] if NUMBER in handle else []),
    ]


def after(operation: str, params: Properties, state: Properties | None) -> dict[str, Any] | None:
    held = {SCALED: {}, **(state or {})}
    match operation:
        case "PutProvisionedConcurrencyConfig":
            return {**held, NUMBER: params[NUMBER]}
        case "DeleteProvisionedConcurrencyConfig":
            del held[NUMBER]
        case _:
            held[SCALED] = autoscaling.after(operation, params, held[SCALED])
    return held if held[SCALED] or NUMBER in held else None


def qualifier(name: str, _: Properties) -> str:
    return name


# --- what is worth saying ------------------------------------------------------------------------------------------


def remark(live: Live) -> str:
    return f"of {live.properties[NUMBER]}" if NUMBER in live.properties else "that is only scaled"


def trouble(live: Live) -> str:
    if live.handle.get("Status") != "FAILED":
        return ""
    return f"AWS could not start it: {live.handle.get('StatusReason', 'it does not say why')}"


def listed(live: Live) -> dict[str, Any]:
    return {"qualifier": live.key.name, **live.handle, **live.properties}


# --- waits ---------------------------------------------------------------------------------------------------------


def look(target: Target, wanted: Properties, _: State) -> tuple[str, Properties]:
    return single(target.function, wanted["Name"])


def is_ready(state: State, target: Target, wanted: Properties) -> bool:
    if state and state.get("Status") == "FAILED":
        reason = str(state.get("StatusReason", "AWS does not say why"))
        message = f"{target}: provisioned concurrency of {wanted['Name']} could not be started: {reason}"
        raise SettleFailed(message, code=reason)
    return state is not None and state.get("Status") == "READY"


def standing(state: State) -> str:
    if not state or "Status" not in state:
        return "provisioned concurrency is not to be seen"
    return f"provisioned concurrency is {state['Status']}, {state.get(f'Allocated{NUMBER}', 0)} of {state.get(_REQUESTED)} are there"


# --- rules over one document ---------------------------------------------------------------------------------------


@Rule(
    "R073",
    "For a function whose tenants are kept apart nothing is kept started.",
    "https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html",
)
def is_for_functions_of_one_tenant(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if part(spec, "configuration", "TenancyConfig"):
        for at, name, _ in named(spec, PROVISIONED.name):
            message = f"nothing can be kept started for {name}: the function has configuration.TenancyConfig; take one of the two out"
            yield Finding(at, message, is_key=True)


def _versions(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(pointer, name, version) of each; an alias that the spec does not say is on no version that is known here."""
    aliases = part(spec, "aliases")
    for at, name, _ in named(spec, PROVISIONED.name):
        version = name if name.isdigit() else str(part(aliases, name).get("FunctionVersion", ""))
        if version:
            yield at, name, version


@Rule("R074", "For one version something is kept started once: for itself or for one alias.", _PAGE)
def is_once_for_a_version(spec: Mapping[str, Any]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for at, name, version in _versions(spec):
        if version in first and version != LATEST:
            message = f"{first[version]} and {name} are both version {version}, for which AWS keeps something started once; take one of the two out"
            yield Finding(at, message, is_key=True)
        first.setdefault(version, name)


@Rule("R075", "Nothing is kept started for $LATEST, nor for an alias that is on it.", _PAGE)
def is_for_a_version(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, name, version in _versions(spec):
        if version == LATEST:
            message = f"alias {name} is on $LATEST, for which AWS keeps nothing started; let it follow a version"
            yield Finding(at, message, is_key=True)


@Rule("R076", "What is kept started is of what the function has reserved.", _PAGE)
def keeps_to_what_is_reserved(spec: Mapping[str, Any]) -> Iterator[Finding]:
    reserved = part(spec, "concurrency").get("ReservedConcurrentExecutions")
    numbers = [entry.get(NUMBER) for _, _, entry in named(spec, PROVISIONED.name)]
    total = sum(number for number in numbers if type(number) is int)
    if type(reserved) is int and total > max(reserved, 0):
        message = f"{total} are kept started and {reserved} reserved (concurrency); reserve more, or keep fewer"
        yield Finding(f"/{PROVISIONED.name}", message, is_key=True)


@Rule(
    "W213",
    "A function starts from a snapshot, or is kept started.",
    "https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html",
)
def is_not_for_snapshots(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if part(spec, "configuration", "SnapStart").get("ApplyOn") == "PublishedVersions":
        for at, name, _ in named(spec, PROVISIONED.name):
            message = f"{name} is a version that starts from a snapshot (configuration.SnapStart); AWS may refuse to keep it started as well"
            yield Finding(at, message, is_key=True)


_WORD = "AWS Lambda Provisioned Concurrency"
_SCALING = "AWS Lambda Provisioned Concurrency Autoscaling"
CALLS = tuple(
    Call(
        operation,
        f"{verb}_LAMBDA_PROVISIONED_CONCURRENCY{of}",
        f"{verb.capitalize()}LambdaProvisionedConcurrency{''.join(map(str.capitalize, of.split('_')))}AtomicOperation",
        f"Initializing {doing} of {_SCALING if of else _WORD} Operation...",
        f"Finished {doing} of {_SCALING if of else _WORD} Operation...",
        settle=("pc-ready",) if operation == _PUT else (),
        is_upsert=operation in (_PUT, autoscaling.REGISTER, autoscaling.PUT_POLICY, autoscaling.PUT_ACTION),
        abreast=(lambda _: "started") if operation == _PUT else never_abreast,
    )
    for operation, verb, of, doing in (
        (_PUT, "PUT", "", "Setting"),
        (_DELETE, "DELETE", "", "deletion"),
        (autoscaling.REGISTER, "REGISTER", "_TARGET", "Setting"),
        (autoscaling.DEREGISTER, "DEREGISTER", "_TARGET", "deletion"),
        (autoscaling.PUT_POLICY, "PUT", "_POLICY", "Setting"),
        (autoscaling.DELETE_POLICY, "DELETE", "_POLICY", "deletion"),
        (autoscaling.PUT_ACTION, "PUT", "_SCHEDULED_ACTION", "Setting"),
        (autoscaling.DELETE_ACTION, "DELETE", "_SCHEDULED_ACTION", "deletion"),
    )
)

KEPT_STARTED = Kind(
    name="provisioned_concurrency",
    section="provisioned_concurrency",
    sections=(PROVISIONED, autoscaling.AUTOSCALING),
    noun="provisioned concurrency",
    reading=READING,
    calls=CALLS,
    waits=(Wait("pc-ready", look, is_ready, standing, is_scarce=True, is_slow=True),),
    rules=(
        is_for_functions_of_one_tenant,
        is_once_for_a_version,
        is_for_a_version,
        keeps_to_what_is_reserved,
        *autoscaling.RULES,
    ),
    cautions=(is_not_for_snapshots, *autoscaling.CAUTIONS),
    normal=normal,
    create=create,
    update=update,
    delete=delete,
    depth=3,
    compared=compared,
    state=normal,
    after=after,
    qualifier=qualifier,
    outlives_function=True,
    left=left,
    read_with=("concurrency",),
    remark=remark,
    trouble=trouble,
    listed=listed,
)
