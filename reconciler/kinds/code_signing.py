"""Code signing: the configuration that says whose signature a function's code must bear. The configuration itself is the account's; a
function has a link to one at the most (FACTS 10.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.finding import Finding, Rule, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.kinds.base import (
    IS_REQUIRED,
    IS_THE_FUNCTION,
    Kind,
    Section,
    Step,
    as_written,
    comparable_by,
    told,
    written_over,
)
from reconciler.kinds.code import is_of_an_image
from reconciler.kinds.reading import Holders, Listing, Reading

_PUT, _DELETE = "PutFunctionCodeSigningConfig", "DeleteFunctionCodeSigningConfig"
_MEMBER = "CodeSigningConfigArn"

CODE_SIGNING = Section(
    name="code_signing",
    operation=_PUT,
    refused={"FunctionName": IS_THE_FUNCTION},
    calls=(_PUT,),
    no_default={_MEMBER: IS_REQUIRED},
    about="Whose signature the function's code must bear; with `{}` it needs none.",
    required=(_MEMBER,),
)
HOLDERS = Holders(
    _MEMBER, "ListFunctionsByCodeSigningConfig", "FunctionArns", Listing("ListCodeSigningConfigs", "CodeSigningConfigs")
)


def single(function: str, _: str) -> tuple[str, Properties]:
    return "GetFunctionCodeSigningConfig", {"FunctionName": function}


def live(target: Target, answer: Properties) -> Live | None:
    held = CODE_SIGNING.cut(answer)
    return Live(Key(target, "code_signing"), held) if held.get(_MEMBER) else None


def is_cut(_: Properties, members: frozenset[str]) -> bool:
    """Whether a spec needs more than who has which one tells."""
    return bool(members - {_MEMBER})


def at_creation(properties: Properties) -> dict[str, Any]:
    """AWS holds the code of a new function against it only where CreateFunction says so."""
    return {_MEMBER: properties[_MEMBER]} if _MEMBER in properties else {}


def create(function: str, _: str, properties: Properties) -> list[Step]:
    return [Step(_PUT, {"FunctionName": function, **properties})]


def update(function: str, name: str, properties: Properties, _differing: frozenset[str], _: Properties) -> list[Step]:
    return create(function, name, properties)


def delete(function: str, _name: str, _handle: Properties) -> list[Step]:
    return [Step(_DELETE, {"FunctionName": function})]


def remark(live: Live) -> str:
    return f"by {live.properties[_MEMBER]}"


@Rule(
    "R084",
    "Code is signed in zips, and not in images.",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html",
)
def is_for_zips(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if is_of_an_image(spec) and part(spec, CODE_SIGNING.name):
        yield Finding(f"/{CODE_SIGNING.name}", "an image's code is not signed; take code_signing out", is_key=True)


_CONFIG = "Function Code Signing Config"
CALLS = (
    told(_PUT, "Put", _CONFIG, ("function-seen",), is_upsert=True),
    told(_DELETE, "Delete", _CONFIG, ("function-seen",)),
)

SIGNED_CODE = Kind(
    name="code_signing",
    section="code_signing",
    sections=(CODE_SIGNING,),
    noun="code signing",
    reading=Reading(single, live, is_cut=is_cut, holders=HOLDERS),
    calls=CALLS,
    rules=(is_for_zips,),
    normal=as_written,
    at_creation=at_creation,
    create=create,
    update=update,
    delete=delete,
    compared=comparable_by(_PUT),
    state=as_written,
    after=written_over(CODE_SIGNING, as_written, _DELETE),
    is_answered_whole=True,
    remark=remark,
    loss="from then on code needs no signature",
)
