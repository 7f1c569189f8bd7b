"""Small words."""

from __future__ import annotations

import pytest

from reconciler.core.words import ago

NOW = "2026-02-03T12:00:00.000Z"


@pytest.mark.parametrize(
    ("earlier", "said"),
    [
        ("2026-02-03T12:00:00.000Z", "just now"),
        ("2026-02-03T11:59:01.000Z", "just now"),
        ("2026-02-03T11:59:00.000Z", "1 minute ago"),
        ("2026-02-03T11:00:01.000Z", "59 minutes ago"),
        ("2026-02-03T07:00:00.000Z", "5 hours ago"),
        ("2026-02-02T12:00:01.000Z", "23 hours ago"),
        ("2026-01-31T12:00:00.000000Z", "3 days ago"),
        ("2026-02-03T12:00:09.000Z", "just now"),
        ("2026-02-03T12:00:00", "at 2026-02-03T12:00:00"),
        ("::Z", "at ::Z"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(earlier: str, said: str) -> None:
    assert ago(earlier, NOW) == said
