"""Where Lambda is asked."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.model import Target


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """An account, by its name in reconcile.yaml, and a region."""

    account: str
    region: str

    @classmethod
    def of(cls, target: Target) -> Place:
        return cls(target.account, target.region)

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"
