"""Small words."""

from __future__ import annotations

import pytest

from reconciler.core.words import ago, by_reason

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


def test_what_holds_of_many_in_a_place_is_told_of_the_first() -> None:
    def why(address: str, code: str, request: str) -> tuple[str, str]:
        return address, f"{address} cannot be read: GetFunction: no ({code}, request {request}); plan again later"

    down = [
        why(f"test/eu-west-1/{name}", "Down", request) for name, request in (("a", "4-1"), ("b", "4-2"), ("c", "4-3"))
    ]
    shut = [
        why("test/eu-west-1/d", "Shut", "4-4"),
        why("test/us-west-2/a", "Down", "4-5"),
        ("test/us-west-2/b", "is new"),
    ]
    assert by_reason([*down, *shut]) == [
        "test/eu-west-1/a cannot be read: GetFunction: no (Down, request 4-1); plan again later; and so of b, c",
        "test/eu-west-1/d cannot be read: GetFunction: no (Shut, request 4-4); plan again later",
        "test/us-west-2/a cannot be read: GetFunction: no (Down, request 4-5); plan again later",
        "test/us-west-2/b: is new",
    ]
