"""What is legal in a spec and yet looks like a mistake, or opens more than it need. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.finding import Rule, SpecCheck
from reconciler.core.model import Diagnostic, Origin, Target
from reconciler.files import validation
from reconciler.files.strict_yaml import Document
from reconciler.kinds.base import PUBLISHED, versions_of
from reconciler.kinds.registry import KINDS
from reconciler.spec.config import Config

IS_ANSWERED = Rule("W002", "What only AWS answers may stand in a spec and says nothing there.")
FOLLOWS_WHAT_IS_PUBLISHED = Rule("W005", "An alias that follows `published` has a spec that publishes.")
HAS_A_ROLE_OF_ITS_ACCOUNT = Rule(
    "W006",
    "A function runs by a role of its own account.",
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
)


CHECKS: tuple[SpecCheck, ...] = tuple(check for kind in KINDS.values() for check in kind.cautions)


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
