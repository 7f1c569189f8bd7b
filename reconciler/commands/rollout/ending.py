"""What a command about rollouts ends with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.core.errors import PARTLY, AwsError, StalePlan
from reconciler.report.rollouts import Told

OPEN, WENT_BACK, WAITS_FOR_A_PERSON = 12, 27, 28
ORDER = (AwsError.exit_code, PARTLY, StalePlan.exit_code, WENT_BACK, WAITS_FOR_A_PERSON, OPEN, 0)


def worst(codes: Iterable[int]) -> int:
    """The one that says most; one that is of something else before all of these."""
    known = {0, *codes}
    return next((code for code in sorted(known) if code not in ORDER), None) or min(known, key=ORDER.index)


def codes(told: Iterable[Told], *, is_detailed: bool) -> Iterator[int]:
    """Of each: that it could not be done, or went back; in detail also that it is open, or waits for a person."""
    for item in told:
        yield item.exit_code
        yield WENT_BACK if item.did == "back" else 0
        if is_detailed and (item.is_open or item.needs_person):
            yield WAITS_FOR_A_PERSON if item.needs_person else OPEN
