"""What an apply will cost in one account and region, as values: calls, and how long they take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """`changes` are the plan's own calls, `looks` those that only read: before, in between and in the end, each wait by one. `is_at_least`: of
    some of it nobody knows how long it takes."""

    account: str
    region: str
    changes: int
    looks: int
    seconds: float
    is_at_least: bool = False
