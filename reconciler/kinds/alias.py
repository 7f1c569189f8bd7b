"""Aliases: a name for a version, with at most one other version that takes a share of the traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core import service
from reconciler.core.diff import escaped
from reconciler.core.finding import Found, named, part
from reconciler.core.model import Properties
from reconciler.kinds.base import (
    IS_A_GUARD,
    IS_REQUIRED,
    IS_THE_FUNCTION,
    PUBLISHED,
    PUBLISHED_VERSION,
    Call,
    Kind,
    Section,
    Step,
    by_name,
    never_replaced,
    never_sensitive,
)

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
)


def weights(properties: Properties) -> dict[Any, float]:
    """Version -> share of the traffic. A share of 0 is no share: the last step of the seed's ramp-down."""
    shares = (properties.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return {version: float(share) for version, share in shares.items() if share}


def meant(properties: Properties) -> dict[str, Any]:
    """`published` as the version that it stands for; as the key of a weight it stays the word, for nothing else may stand there."""
    known = properties.get("FunctionVersion")
    return dict(properties) | ({"FunctionVersion": PUBLISHED_VERSION} if known == PUBLISHED else {})


def normal(properties: Properties, _: str) -> dict[str, Any]:
    return {
        "FunctionVersion": properties["FunctionVersion"],
        "Description": properties.get("Description") or "",
        "RoutingConfig": {"AdditionalVersionWeights": weights(properties)},
    }


def create(function: str, name: str, properties: Properties) -> list[Step]:
    sent = {member: value for member, value in normal(properties, function).items() if member != "RoutingConfig"}
    routing = {"RoutingConfig": {"AdditionalVersionWeights": weights(properties)}} if weights(properties) else {}
    return [Step("CreateAlias", {"FunctionName": function, "Name": name, **sent, **routing})]


def update(function: str, name: str, properties: Properties, differing: frozenset[str], _: Properties) -> list[Step]:
    changed = {member: properties[member] for member in sorted(differing)}
    return [Step("UpdateAlias", {"FunctionName": function, "Name": name, **changed})]


def delete(function: str, name: str, _: Properties) -> list[Step]:
    return [Step("DeleteAlias", {"FunctionName": function, "Name": name})]


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    return dict(service.comparable(live, desired, service.request("CreateAlias")))


def after(operation: str, params: Properties, state: Properties | None) -> dict[str, Any] | None:
    if operation == "DeleteAlias":
        return None
    held = dict(state or {})
    wanted = normal({"FunctionVersion": "", **held, **params}, "")
    return wanted if state is None else held | {member: wanted[member] for member in params if member in wanted}


def routes_as_lambda_can(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, name, alias in named(spec, "aliases"):
        shares = part(alias, "RoutingConfig", "AdditionalVersionWeights")
        where, main = f"{at}/RoutingConfig/AdditionalVersionWeights", alias.get("FunctionVersion")
        weighed = [version for version, share in shares.items() if share != 0]  # 0 is no routing
        if len(weighed) > 1:
            message = f"alias {name} sends traffic to {len(weighed)} more versions; Lambda takes one"
            yield Found(where, message, is_key=True)
        if main == "$LATEST" and weighed:
            yield Found(where, f"alias {name} is on $LATEST, which takes no weights; publish a version", is_key=True)
        if isinstance(main, str) and main in weighed:
            yield Found(
                f"{where}/{escaped(str(main))}",
                f"alias {name} is on version {main} already; weigh another one",
                is_key=True,
            )


ALIAS = Kind(
    name="alias",
    section="aliases",
    normal=normal,
    identity=by_name,
    subject=by_name,
    create=create,
    update=update,
    delete=delete,
    compared=compared,
    is_sensitive=never_sensitive,
    needs_replacement=never_replaced,
    state=normal,
    after=after,
    rules=(routes_as_lambda_can,),
    meant=meant,
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
