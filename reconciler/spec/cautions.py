"""What is legal in a spec and yet looks like a mistake, or opens more than it need. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.finding import Finding, Rule, SpecCheck, named, part
from reconciler.core.model import Origin, Target
from reconciler.core.plans import Diagnostic
from reconciler.files import validation
from reconciler.files.strict_yaml import Document
from reconciler.kinds.base import PUBLISHED, versions_of
from reconciler.kinds.permission import PERMISSIONS
from reconciler.kinds.registry import KINDS
from reconciler.kinds.url import URLS, WITHOUT_URLS
from reconciler.spec.config import Config

IS_ANSWERED = Rule("W002", "What only AWS answers may stand in a spec and says nothing there.")
FOLLOWS_WHAT_IS_PUBLISHED = Rule("W005", "An alias that follows `published` has a spec that publishes.")
HAS_A_ROLE_OF_ITS_ACCOUNT = Rule(
    "W006",
    "A function runs by a role of its own account.",
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
)


IS_OFFERED_THERE = Rule(
    "W221",
    "A URL is for a region in which AWS offers them.",
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html",
)
# What lets everybody ask by a URL: without both AWS answers 403 (FACTS 5).
PUBLIC: Mapping[str, Mapping[str, Any]] = {
    "FunctionURLAllowPublicAccess": {
        "Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE",
    },
    "FunctionURLAllowInvokeAction": {
        "Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True,
    },
}  # fmt: skip


@Rule(
    "W219",
    "A public URL has the two permissions that let everybody ask by it.",
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
)
def lets_nobody_ask(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Only where the spec owns the permissions of the same qualifier, by statements; else they may be somebody else's, or said in
    many ways."""
    for at, name, url in named(spec, URLS.name):
        held = part(spec, PERMISSIONS.name).get(name)
        if url.get("AuthType") != "NONE" or not isinstance(held, dict) or PERMISSIONS.words.keys() & held:
            continue
        missing = {sid: said for sid, said in PUBLIC.items() if not any(lets(entry, said) for entry in held.values())}
        if missing:
            written = ", ".join(f"{sid}: {json.dumps(said)}" for sid, said in missing.items())
            message = f"URL {name} is public, and permissions.{name} lets nobody ask by it; add there {written}"
            yield Finding(at, message, is_key=True)


def lets(statement: Any, wanted: Mapping[str, Any]) -> bool:
    """Whether a statement lets in whoever is wanted: by the same action or more, and under no other condition."""
    said = dict(statement) if isinstance(statement, dict) else {}
    action, whom = said.pop("Action", ""), said.get("Principal")
    same = all(wanted.get(member) == value for member, value in said.items())
    return action in (wanted["Action"], "lambda:*", "*") and whom == wanted["Principal"] and same


CHECKS: tuple[SpecCheck, ...] = (*(check for kind in KINDS.values() for check in kind.cautions), lets_nobody_ask)


def notes(document: Document, targets: Sequence[Target], config: Config | None) -> Iterator[Diagnostic]:
    """What is legal and yet looks like a mistake."""
    value = document.value
    configuration = value.get("configuration") or {}
    for steps in read_only(configuration, validation.load_schema("function")["properties"]["configuration"]):
        message = f"configuration.{'.'.join(steps)} is AWS's answer, not a setting; it is ignored"
        yield warning(IS_ANSWERED, message, document.key(f"/configuration/{'/'.join(map(escaped, steps))}"))
    if "policy" in value:
        yield warning(IS_ANSWERED, "policy is AWS's answer, not a setting; it is ignored", document.key("/policy"))
    for name, alias in (value.get("aliases") or {}).items():
        if PUBLISHED in versions_of(alias) and not value.get("publish"):
            message = f"alias {name} follows `published`, and this spec publishes nothing; write `publish: true`"
            yield warning(FOLLOWS_WHAT_IS_PUBLISHED, message, document.key(f"/aliases/{escaped(name)}"))
    for finding in (finding for check in CHECKS for finding in check(value)):
        origin = document.key(finding.pointer) if finding.is_key else document.at(finding.pointer)
        yield Diagnostic("warning", finding.message, origin=origin, rule=finding.rule)
    without = sorted({target.region for target in targets} & set(WITHOUT_URLS))
    if without and value.get(URLS.name):
        message = (
            f"AWS offers no function URLs in {', '.join(without)}, as far as its page says; the calls may be refused"
        )
        yield warning(IS_OFFERED_THERE, message, document.key(f"/{URLS.name}"))
    accounts = {config.accounts[target.account].account_id for target in targets} if config else set()
    role = configuration.get("Role", "").split(":")
    if len(role) > 4 and accounts - {"", role[4]}:
        message = f"the role is in account {role[4]}, the function in {', '.join(sorted(accounts))}; Lambda needs one of its own account"
        yield warning(HAS_A_ROLE_OF_ITS_ACCOUNT, message, document.at("/configuration/Role"))


def warning(rule: Rule, message: str, origin: Origin) -> Diagnostic:
    return rule.cited(Diagnostic("warning", message, origin=origin))


def read_only(value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The steps to every member that the schema marks as AWS's answer; pasted Layers are taken by their Arn."""
    known = schema.get("properties", {})
    for key, item in value.items() if isinstance(value, dict) else ():
        if known.get(key, {}).get("readOnly"):
            yield (key,)
        elif key in known:
            yield from ((key, *steps) for steps in read_only(item, known[key]))
