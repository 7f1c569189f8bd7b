"""Function URLs: an address on which a function, or an alias of it, answers HTTP. AWS chooses the address and keeps it as long as the
URL is there; a deleted one never comes back (FACTS 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.finding import Finding, Rule, named, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.values import Unreadable
from reconciler.kinds.base import (
    IS_REQUIRED,
    IS_THE_FUNCTION,
    LATEST,
    Kind,
    Section,
    Step,
    comparable_by,
    told,
    written_over,
)
from reconciler.kinds.qualifier import qualifier, qualifier_of, which
from reconciler.kinds.reading import Listing, Reading

_CREATE, _UPDATE, _DELETE = "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig", "DeleteFunctionUrlConfig"

URLS = Section(
    name="urls",
    operation=_CREATE,
    refused={"FunctionName": IS_THE_FUNCTION, "Qualifier": "the key under `urls`"},
    calls=(_CREATE, _UPDATE),
    no_default={"AuthType": IS_REQUIRED},
    about="Alias, or $LATEST for the function itself -> its URL. One that is not here is deleted, and its address with it.",
    keys={
        "pattern": r"^(\$LATEST|(?![0-9]+$)[a-zA-Z0-9-_]+)$",
        "maxLength": 128,
        "x-words": "an alias's name, or $LATEST for the function itself",
    },
    required=("AuthType",),
)

_NO_CORS: Mapping[str, Any] = {
    "AllowCredentials": False,
    "AllowHeaders": [],
    "AllowMethods": [],
    "AllowOrigins": [],
    "ExposeHeaders": [],
    "MaxAge": 0,
}
# Where AWS offers none, as far as https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html lists them.
WITHOUT_URLS = (
    *("ap-south-2", "ap-southeast-4", "ap-southeast-5", "ca-west-1", "eu-central-2", "eu-south-2", "il-central-1"),
    "me-central-1",
)
_HEADERS = ("AllowHeaders", "ExposeHeaders")  # AWS answers them in lower case


def single(function: str, name: str) -> tuple[str, Properties]:
    return "GetFunctionUrlConfig", which(function, name)


def live(target: Target, answer: Properties) -> Live:
    unknown = {name: Unreadable("AWS answered without it") for name in ("AuthType", "InvokeMode")}
    handle = {name: answer[name] for name in ("FunctionUrl", "FunctionArn", "LastModifiedTime") if name in answer}
    return Live(Key(target, "url", qualifier_of(answer) or LATEST), unknown | URLS.cut(answer), handle)


def normal(properties: Properties, _: str) -> dict[str, Any]:
    cors = {**_NO_CORS, **(properties.get("Cors") or {})}
    return {
        **properties,
        "AuthType": properties.get("AuthType", ""),
        "Cors": {member: _normal_cors(member, value) for member, value in cors.items()},
        "InvokeMode": properties.get("InvokeMode", "BUFFERED"),
    }


def _normal_cors(member: str, value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    return sorted({item.lower() if member in _HEADERS else item for item in value})


def sendable(properties: Properties) -> dict[str, Any]:
    """Cors is replaced whole, so that what it does not say is cleared."""
    if "Cors" not in properties:
        return dict(properties)
    sent = {member: value for member, value in properties["Cors"].items() if value != _NO_CORS.get(member)}
    return {**properties, "Cors": sent}


def create(function: str, name: str, properties: Properties) -> list[Step]:
    return [Step(_CREATE, {**which(function, name), **properties})]


def update(function: str, name: str, properties: Properties, differing: frozenset[str], _: Properties) -> list[Step]:
    changed = {member: properties[member] for member in sorted(differing)}
    return [Step(_UPDATE, {**which(function, name), **sendable(changed)})]


def delete(function: str, name: str, _: Properties) -> list[Step]:
    return [Step(_DELETE, which(function, name))]


# --- what is worth saying ------------------------------------------------------------------------------------------


def remark(live: Live) -> str:
    return f"at {live.handle.get('FunctionUrl', 'an address')}"


def warning(before: Properties | None, after: Properties) -> str:
    is_public = after.get("AuthType") == "NONE"
    if not is_public or (before and before.get("AuthType") == "NONE"):
        return ""
    return "is public: whoever has the address may ask for it, as far as the function's policy lets everybody invoke it"


def listed(live: Live) -> dict[str, Any]:
    return {"qualifier": live.key.name, "FunctionUrl": live.handle.get("FunctionUrl"), **live.properties}


# --- rules over one document ---------------------------------------------------------------------------------------


@Rule(
    "R067",
    "A function whose tenants are kept apart has no URL.",
    "https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html",
)
def is_for_functions_of_one_tenant(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if not part(spec, "configuration", "TenancyConfig"):
        return
    for at, name, _ in named(spec, "urls"):
        message = f"URL {name} cannot be: a function with configuration.TenancyConfig has none; take one of the two out"
        yield Finding(at, message, is_key=True)


CALLS = (
    told(_CREATE, "Create", "Function URL"),
    told(_UPDATE, "Update", "Function URL"),
    told(_DELETE, "Delete", "Function URL"),
)

URL = Kind(
    name="url",
    section="urls",
    sections=(URLS,),
    noun="URL",
    reading=Reading(single, live, Listing("ListFunctionUrlConfigs", "FunctionUrlConfigs")),
    calls=CALLS,
    rules=(is_for_functions_of_one_tenant,),
    normal=normal,
    create=create,
    update=update,
    delete=delete,
    compared=comparable_by(_CREATE),
    state=normal,
    after=written_over(URLS, normal, _DELETE),
    qualifier=qualifier,
    remark=remark,
    loss="its address never comes back",
    warning=warning,
    listed=listed,
)
