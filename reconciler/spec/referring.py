"""Texts that AWS answers, as a spec says them: what is the target's own as a reference, what would be taken for one in quotes. Pure.

The inverse of what `references` and `meant` do: whatever comes out is filled in to what went in.
"""

from __future__ import annotations

import re

from reconciler.core.accounts import partition_of
from reconciler.core.model import Target
from reconciler.spec.meant import REFERENCE
from reconciler.spec.references import is_template

ARN = re.compile(r"arn:([a-z-]+):([a-z0-9-]*):([a-z0-9-]*):([0-9]*):(.*)", re.DOTALL)
_QUOTED = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "#": "\\x23"}


def referring(text: str, target: Target, account_id: str) -> str:
    """A text of a section. `account_id` is the account's number, empty where reconcile.yaml does not say it."""
    if REFERENCE.search(text):
        return quoted(text)
    if account_id and text == account_id:
        return "{{ account.id }}"
    arn = ARN.fullmatch(text)
    return _of_the_target(arn, target, account_id) if arn else text


def _of_the_target(arn: re.Match[str], target: Target, account_id: str) -> str:
    partition, service, region, account, rest = arn.groups()
    has_own_account = bool(account_id) and account == account_id
    if not (has_own_account or region == target.region):
        return arn[0]
    own = {
        "partition": "{{ partition }}" if partition == partition_of(target.region) else partition,
        "region": "{{ region }}" if region == target.region else region,
        "account": "{{ account.id }}" if has_own_account else account,
    }
    return f"arn:{own['partition']}:{service}:{own['region']}:{own['account']}:{rest}"


def named_by_place(text: str, target: Target, account_id: str) -> str:
    """A name that people make of the place that it is for, as that of a bucket or a registry: region and account wherever they stand alone."""
    if REFERENCE.search(text):
        return quoted(text)
    own = {target.region: "{{ region }}"} | ({account_id: "{{ account.id }}"} if account_id else {})
    alone = rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, own))})(?![A-Za-z0-9])"
    return re.sub(alone, lambda match: own[match[0]], text)


def variable(text: str) -> str:
    """A value of the environment."""
    return quoted(text) if is_template(text) else text


def quoted(text: str) -> str:
    """A text in quotes between braces, which stands for itself."""
    return "{{ '" + "".join(_QUOTED.get(character, character) for character in text) + "' }}"
