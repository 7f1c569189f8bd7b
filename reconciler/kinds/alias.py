"""Aliases: a name for a version, with at most one other version that takes a share of the traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.errors import SettleFailed
from reconciler.core.finding import Finding, Rule, named, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.plans import Ref
from reconciler.core.rollouts import Smoke
from reconciler.core.values import Unreadable
from reconciler.core.waiting import State, Wait
from reconciler.kinds.base import (
    IS_A_GUARD,
    IS_REQUIRED,
    IS_THE_FUNCTION,
    LATEST,
    LETTERS,
    PUBLISHED,
    PUBLISHED_VERSION,
    STUCK,
    Call,
    Kind,
    Section,
    Step,
    comparable_by,
    written_over,
)
from reconciler.kinds.reading import Listing, Reading
from reconciler.rollout import written
from reconciler.rollout.marker import Marker, joined, split
from reconciler.rollout.standing import Alias

ROLLOUT = "Rollout"  # in a handle: the marker at the end of the Description, as it stands there

_ELSEWHERE = {
    "FunctionName": IS_THE_FUNCTION,
    "Name": "the key under `aliases`",
    "RevisionId": IS_A_GUARD,
}

ALIASES = Section(
    name="aliases",
    operation="CreateAlias",
    refused=_ELSEWHERE,
    calls=("CreateAlias", "UpdateAlias"),
    no_default={"FunctionVersion": IS_REQUIRED},
    about="Name -> alias. An alias that is not here is deleted.",
    keys={"pattern": "^(?![0-9]+$)[a-zA-Z0-9-_]+$", "maxLength": 128, "x-words": LETTERS},
    own={
        written.ROLLOUT: written.SCHEMA,
        "FunctionVersion": {
            "description": f"A version's number, $LATEST, or `{PUBLISHED}`: the newest version, made by this apply if need be.",
            "type": "string",
            "pattern": r"^(\$LATEST(\.PUBLISHED)?|published|[1-9][0-9]*)$",
            "x-words": f"a version's number as text, $LATEST, or {PUBLISHED}",
            "examples": [PUBLISHED, LATEST],
        },
        "RoutingConfig": {
            "properties": {
                "AdditionalVersionWeights": {
                    "propertyNames": {
                        "pattern": r"^(published|[1-9][0-9]*)$",
                        "x-words": f"a version's number or {PUBLISHED}; $LATEST takes no weight",
                    }
                }
            }
        },
    },
    required=("FunctionVersion",),
)


def single(function: str, name: str) -> tuple[str, Properties]:
    return "GetAlias", {"FunctionName": function, "Name": name}


def glance(function: str, name: str, state: Properties) -> tuple[str, Properties, Properties]:
    """Of a function with one version: nobody can give weights there."""
    return "GetFunction", {"FunctionName": function, "Qualifier": name}, {"Version": state["FunctionVersion"]}


def live(target: Target, answer: Properties) -> Live:
    """The marker of a rollout is no part of the Description that a spec has."""
    properties = {"FunctionVersion": Unreadable("AWS answered without it")} | ALIASES.cut(answer)
    handle = {name: answer[name] for name in ("RevisionId", "AliasArn", STUCK) if name in answer}
    described = str(properties.get("Description", ""))
    text, marker = split(described)
    if marker:
        properties["Description"], handle[ROLLOUT] = text, described.removeprefix(text)
    return Live(Key(target, "alias", answer["Name"]), properties, handle)


def marker(handle: Properties) -> Marker | None:
    """How far the alias's rollout is."""
    return split(str(handle.get(ROLLOUT, "")))[1]


def rolled(live: Live) -> Alias:
    """The alias as far as its rollout goes; what is provisioned for it, it does not tell."""
    version, stuck = str(live.properties["FunctionVersion"]), str(live.handle.get(STUCK, ""))
    return Alias(version, weights(live.properties), marker(live.handle), stuck=stuck)


def as_stored(live: Live) -> Properties:
    described = f"{live.properties.get('Description') or ''}{live.handle.get(ROLLOUT, '')}"
    return {**live.properties, "Description": described} if ROLLOUT in live.handle else live.properties


def moving(answer: Properties) -> str:
    """While what is provisioned for an alias follows it, AWS itself keeps the traffic on the version that is warm."""
    return "alias-settled" if warm(answer) else ""


def warm(alias: Properties) -> str:
    """The other version that has all the traffic; empty where there is none."""
    return next((str(version) for version, share in weights(alias).items() if share == 1), "")


def weights(properties: Properties) -> dict[Any, float]:
    """Version -> share of the traffic. A share of 0 is no share: the last step of the seed's ramp-down."""
    shares = (properties.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return {version: float(share) for version, share in shares.items() if share}


def meant(properties: Properties) -> dict[str, Any]:
    """`published` as the version that it stands for; as the key of a weight it stays the word, for nothing else may stand there. How it gets
    to a version is no property of it."""
    known = properties.get("FunctionVersion")
    own = {name: value for name, value in properties.items() if name != written.ROLLOUT}
    return own | ({"FunctionVersion": PUBLISHED_VERSION} if known == PUBLISHED else {})


def resolved(properties: Properties, version: str | Ref) -> dict[str, Any]:
    """With the newest version where `published` stands; as a weight's key only once its number is known."""
    concrete = dict(properties)
    if concrete.get("FunctionVersion") == PUBLISHED_VERSION:
        concrete["FunctionVersion"] = version
    if isinstance(version, Ref):
        return concrete
    shares = (concrete.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    if shares and PUBLISHED in shares:
        renamed = {version if key == PUBLISHED else key: share for key, share in shares.items()}
        concrete["RoutingConfig"] = {**concrete["RoutingConfig"], "AdditionalVersionWeights": renamed}
    return concrete


def sendable(properties: Properties) -> dict[str, Any]:
    """With the version that is still to be published as a `Ref` among the weights, too."""
    made = dict(properties)
    if "RoutingConfig" in made:
        shares = made["RoutingConfig"].get("AdditionalVersionWeights", {})
        renamed = {PUBLISHED_VERSION if version == PUBLISHED else version: share for version, share in shares.items()}
        made["RoutingConfig"] = {**made["RoutingConfig"], "AdditionalVersionWeights": renamed}
    return made


def normal(properties: Properties, _: str) -> dict[str, Any]:
    return {
        **properties,
        "FunctionVersion": properties.get("FunctionVersion", ""),
        "Description": properties.get("Description") or "",
        "RoutingConfig": {**(properties.get("RoutingConfig") or {}), "AdditionalVersionWeights": weights(properties)},
    }


def create(function: str, name: str, properties: Properties) -> list[Step]:
    sent = normal(properties, function)
    if sent["RoutingConfig"] == {"AdditionalVersionWeights": {}}:
        del sent["RoutingConfig"]
    return [Step("CreateAlias", {"FunctionName": function, "Name": name, **sendable(sent)})]


def update(
    function: str, name: str, properties: Properties, differing: frozenset[str], handle: Properties
) -> list[Step]:
    """With version and weights always: of an alias that AWS itself has given a weight, neither alone can be said (FACTS 10.6). The marker
    of a rollout stays."""
    sent = {member: properties[member] for member in sorted({*differing, "FunctionVersion", "RoutingConfig"})}
    if "Description" in sent:
        sent["Description"] = joined(sent["Description"], marker(handle))
    params = {"FunctionName": function, "Name": name, **sendable(sent)}
    return [Step("UpdateAlias", params, settle=("alias-settled",) if "FunctionVersion" in differing else ())]


def smoke(function: str, version: str | Ref, event: Smoke, otherwise: Step) -> Step:
    """What the candidate of a rollout must answer before it has any traffic."""
    params = {**event.params, "FunctionName": function, "Qualifier": version, "LogType": "Tail"}
    return Step("Invoke", params, smoke=event, otherwise=otherwise)


def trouble(live: Live) -> str:
    if STUCK not in live.handle:
        return ""
    version, stays = live.properties["FunctionVersion"], warm(live.properties)
    return f"AWS keeps its traffic on version {stays}, for version {version} does not start: {live.handle[STUCK]}"


def delete(function: str, name: str, _: Properties) -> list[Step]:
    return [Step("DeleteAlias", {"FunctionName": function, "Name": name})]


# --- waits ---------------------------------------------------------------------------------------------------------


def look(target: Target, wanted: Properties, state: State) -> tuple[str, Properties]:
    """At the alias; where that has all its traffic elsewhere, at what is provisioned for it, until that has followed."""
    is_following = "Status" in state if state else False
    if state and (state["Status"] != "READY" if is_following else warm(state)):
        return "GetProvisionedConcurrencyConfig", {"FunctionName": target.function, "Qualifier": wanted["Name"]}
    return single(target.function, wanted["Name"])


def is_settled(state: State, target: Target, wanted: Properties) -> bool:
    """As it was asked for. Where nothing is provisioned, a weight is somebody's; it is compared like everything else."""
    if state and state.get("Status") == "FAILED":
        reason = state.get("StatusReason", "AWS does not say why")
        message = f"{target}: AWS keeps the traffic of alias {wanted['Name']} where it was, for version {wanted['FunctionVersion']} does not start: {reason}"
        raise SettleFailed(message, code=str(reason))
    if state is wanted or (state and "Status" in state):
        return False
    return not state or not warm(state) or weights(state) == weights(wanted)


def standing(state: State) -> str:
    if state and "Status" in state:
        return f"provisioned concurrency is {state['Status']}"
    return f"all traffic of the alias is kept on version {warm(state or {})}"


@Rule(
    "R050",
    "An alias routes to at most one other version, and not from $LATEST.",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html",
)
def routes_as_lambda_can(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, name, alias in named(spec, "aliases"):
        shares = part(alias, "RoutingConfig", "AdditionalVersionWeights")
        where, main = f"{at}/RoutingConfig/AdditionalVersionWeights", alias.get("FunctionVersion")
        weighed = [version for version, share in shares.items() if share != 0]  # 0 is no routing
        if len(weighed) > 1:
            message = f"alias {name} sends traffic to {len(weighed)} more versions; Lambda takes one"
            yield Finding(where, message, is_key=True)
        if main == "$LATEST" and weighed:
            yield Finding(where, f"alias {name} is on $LATEST, which takes no weights; publish a version", is_key=True)
        if isinstance(main, str) and main in weighed:
            yield Finding(
                f"{where}/{escaped(str(main))}",
                f"alias {name} is on version {main} already; weigh another one",
                is_key=True,
            )


CALLS = (
    *(
        Call(
            operation,
            "UPSERT_LAMBDA_FUNCTION_ALIAS",
            "UpsertLambdaAliasAtomicOperation",
            f"Initializing {doing} of AWS Lambda Function Alias Operation...",
            f"Finished {doing} of AWS Lambda Function Alias Operation...",
        )
        for operation, doing in (("CreateAlias", "Creation"), ("UpdateAlias", "Updating"))
    ),
    Call(
        "DeleteAlias",
        "DELETE_LAMBDA_FUNCTION_ALIAS",
        "DeleteLambdaAliasAtomicOperation",
        "Initializing deletion of AWS Lambda Function Alias Operation...",
        "Finished deletion of AWS Lambda Function Alias Operation...",
    ),
)

ALIAS = Kind(
    name="alias",
    section="aliases",
    sections=(ALIASES,),
    reading=Reading(single, live, Listing("ListAliases", "Aliases"), moving=moving, glance=glance),
    calls=CALLS,
    normal=normal,
    create=create,
    update=update,
    delete=delete,
    compared=comparable_by("CreateAlias"),
    state=normal,
    after=written_over(ALIASES, normal, "DeleteAlias"),
    waits=(
        Wait(
            "alias-settled", look, is_settled, standing, is_scarce=True, is_slow=True, is_whole=True, usual_seconds=0.25
        ),
    ),
    rules=(routes_as_lambda_can, *written.RULES),
    cautions=written.CAUTIONS,
    meant=meant,
    resolved=resolved,
    as_stored=as_stored,
    is_answered_whole=True,
    trouble=trouble,
)
