"""How far a run is, in words, from what the seam counted and how long it has been."""

from __future__ import annotations

import pytest

from reconciler.aws.pace import Traffic
from reconciler.commands import headway
from reconciler.commands.headway import Headway

NAMES = {"123456789012": "prod"}


def line(asked: int, quota: str = "", region: str = "us-west-2", throttled: int = 0, rate: float = 14.4) -> Traffic:
    return Traffic("123456789012", region, quota, asked, 0, rate, throttled)


def test_calls_are_counted_from_the_beginning_of_the_phase_by_place() -> None:
    before = [line(10, throttled=1)]
    now = [line(154, throttled=3), line(500, "GetFunction", rate=96.0), line(7, region="eu-west-1")]
    expected = {("123456789012", "us-west-2", ""): 1050, ("123456789012", "us-west-2", "GetFunction"): 1000}
    assert headway.calls(before, now, NAMES, expected) == [
        Headway("prod/eu-west-1", "call", 7, 7, 0.0, 0),
        Headway("prod/us-west-2", "call", 644, 2050, (1050 - 144) / 14.4, 2),
    ]


def test_the_slowest_quota_says_how_long_a_place_takes_and_what_was_not_begun_counts() -> None:
    expected = {("123456789012", "us-west-2", "GetFunction"): 960, ("123456789012", "us-west-2", ""): 12}
    (told,) = headway.calls([], [line(0, "GetFunction", rate=96.0)], NAMES, expected)
    assert (told.done, told.expected, told.seconds_left) == (0, 972, 10.0)


def test_nobody_knows_what_is_left_where_nothing_was_expected() -> None:
    (told,) = headway.calls([], [line(30)], {}, {})
    assert headway.lines("reading", [told], 3.0) == ["reading 123456789012/us-west-2: 30 calls, 10.0 a second"]
    assert headway.calls([line(30)], [line(30)], {}, {}) == []


def test_more_calls_than_expected_leave_nothing() -> None:
    (told,) = headway.calls([], [line(30)], NAMES, {("123456789012", "us-west-2", ""): 20})
    assert (told.expected, told.seconds_left) == (30, 0.0)


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (Headway("prod/us-west-2", "call", 512, 2050, 37.4, 0), "512 of about 2,050 calls, 25.6 a second, about 37 s left"),
        (Headway("a/b", "call", 0, 10, 600.0, 1), "0 of about 10 calls, 0.0 a second, about 10 min left, AWS throttled 1"),
        (headway.operations(120, 400, 20.0, 0), "120 of 400 operations, 6.0 a second, about 47 s left"),
        (headway.operations(0, 400, 20.0, 2, 80), "0 of 400 operations, 80 under way, 0.0 a second, AWS throttled 2"),
    ],
)  # fmt: skip
def test_counts_rate_what_is_left_and_what_aws_refused(told: Headway, text: str) -> None:
    assert headway.text(told, 20.0) == text


def test_places_keep_their_order_and_of_too_many_those_are_told_that_take_longest() -> None:
    many = [Headway(f"a/r{number}", "call", 1, 2, float(number)) for number in range(10)]
    told = headway.lines("reading", many, 1.0)
    assert [text.split(":")[0] for text in told[:8]] == [f"reading a/r{number}" for number in range(2, 10)]
    assert told[8:] == ["and 2 more places"]
    assert headway.lines("reading", many[:9], 1.0)[8:] == ["and 1 more place"]


def test_a_phase_without_counts_says_how_long_it_has_been() -> None:
    assert headway.lines("comparing", [], 12.3) == ["comparing, 12 s"]


def test_a_hostile_name_moves_no_cursor() -> None:
    (told,) = headway.calls([], [line(1)], {"123456789012": "pr\x1b[2Jod\n\u202e"}, {})
    (text,) = headway.lines("reading", [told], 1.0)
    assert text.isprintable()
    assert "pr\\u001b[2Jod\\u000a\\u202e" in text
