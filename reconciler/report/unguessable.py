"""A snapshot that strangers may read: who holds its salt can test guesses only of what git shows anyway. Pure.

A value that no spec writes, of a secret that is referred to, of what others set, has a fingerprint by a salt that nobody keeps: it tells
equal from different within this snapshot, and is the fingerprint of no guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.core.model import Snapshot, Spec
from reconciler.core.sealing import sealed, sensitive_texts
from reconciler.kinds.registry import KINDS


def unguessable(snapshot: Snapshot, written: Iterable[Spec], forgotten: str) -> Snapshot:
    """The snapshot with the sensitive values sealed that the specs do not show as they are written; `forgotten` is the salt, of this
    moment alone."""
    shown = {
        text
        for spec in written
        for item in spec.desired
        for text in sensitive_texts(item.properties, KINDS[item.key.kind].is_sensitive)
    }
    resources = tuple(
        replace(item, properties=sealed(item.properties, KINDS[item.key.kind].is_sensitive, forgotten, shown))
        for item in snapshot.resources
    )
    return replace(snapshot, resources=resources)
