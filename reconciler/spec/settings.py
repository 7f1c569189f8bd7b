"""reconcile.yaml as far as it is part of what is approved: what it says of the house, and by whose rights it reaches each
account. Pure. Every key enters the digests unless it is named here, so that nobody has to think of a new one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.core.diff import pointer
from reconciler.core.later import Later
from reconciler.core.plans import Configuration, Settings
from reconciler.core.sealing import digest, stretched_digest
from reconciler.core.values import SENSITIVE
from reconciler.files.validation import load_schema
from reconciler.spec.config import Config

Steps = tuple[str, ...]
ACCOUNTS: Steps = ("aws", "accounts")
# Of an account's entry: which targets there may be, not how they are reached.
NO_ACCESS = ("name", "regions", "lambdaEnabled")
# Of the house: when something is carried out, not what. A freeze that is over, or lifted, leaves what was approved approved.
NO_APPROVAL = ("freezes",)


def configuration(config: Config, reached: Mapping[str, str], by: Config) -> Configuration:
    """What a plan carries of the configuration. `reached` maps the accounts that the plan reaches to their numbers, empty
    where nobody asked; `by` is the configuration by whose rights they are reached."""
    every = leaves(config)
    return Configuration(
        file=config.path,
        digest=settings(every).digest,
        house=settings(
            {steps: value for steps, value in every.items() if steps[:2] != ACCOUNTS and steps[0] not in NO_APPROVAL}
        ),
        accounts={name: settings(access(by, name, number)) for name, number in sorted(reached.items())},
    )


def access(config: Config, name: str, number: str) -> dict[Steps, Any]:
    """Where an account is and by whose rights it is reached; a role by its whole ARN. `number` stands in where
    reconcile.yaml says none."""
    start = (*ACCOUNTS, name)
    entry = {
        steps: value for steps, value in leaves(config).items() if steps[:3] == start and steps[3] not in NO_ACCESS
    }
    return {(*start, "accountId"): number, **entry} if number else entry


def leaves(config: Config) -> dict[Steps, Any]:
    """Everything that reconcile.yaml says, by the steps that lead there; an account by its name, so that their order is
    none of its facts. A list is one value."""
    written = config.document.value
    aws = written.get("aws", {})
    accounts = {entry["name"]: _with_whole_role(entry, config) for entry in aws.get("accounts", ())}
    return dict(_leaves({**written, "aws": {**aws, "accounts": accounts}}, ()))


def _with_whole_role(entry: Mapping[str, Any], config: Config) -> dict[str, Any]:
    role = config.accounts[entry["name"]].role_arn
    return {**entry, "assumeRole": role} if role else dict(entry)


def _leaves(value: Any, steps: Steps) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*steps, str(key)))
    else:
        yield steps, value


def settings(entries: Mapping[Steps, Any]) -> Settings:
    """Settings as they may be shown, with the digest of what they are; what is hidden enters it stretched."""
    hidden = sorted([pointer(steps), value] for steps, value in entries.items() if is_sensitive(steps))
    values = {pointer(steps): shown(steps, value) for steps, value in sorted(entries.items())}
    return Settings(
        values, Later(lambda: digest([values, stretched_digest(hidden, "reconcile.yaml") if hidden else ""]))
    )


def shown(steps: Steps, value: Any) -> Any:
    return SENSITIVE if is_sensitive(steps) else value


def is_sensitive(steps: Iterable[str]) -> bool:
    """Whether the schema of reconcile.yaml marks what lies at `steps`, or anything below it."""
    schema: Any = load_schema("config")
    for step in steps:
        schema = schema.get("properties", {}).get(step) or schema.get("items") or {}
    return '"x-sensitive"' in json.dumps(schema)
