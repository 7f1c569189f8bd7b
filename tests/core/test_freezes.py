"""When a freeze holds: local times, weeks, summer time; and of what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconciler.core.freezes import DAY, Freeze, Once, Weekly, on, until
from reconciler.core.model import Target

BERLIN, SOUTH = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
CHECKOUT = Target("prod", "us-west-2", "checkout")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def once(begins: str, ends: str, zone: ZoneInfo = BERLIN) -> Freeze:
    return Freeze("f", zone, Once(datetime.fromisoformat(begins), datetime.fromisoformat(ends)))


def weekend(zone: ZoneInfo = BERLIN) -> Freeze:
    """Friday 16:00 to Monday 08:00."""
    return Freeze("weekend", zone, Weekly(4 * DAY + timedelta(hours=16), timedelta(days=2, hours=16)))


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-12-18T16:59:59", False),
        ("2026-12-18T17:00", True),
        ("2027-01-04T06:59:59", True),
        ("2027-01-04T07:00", False),
    ],
    ids=["before", "at its beginning", "to its last second", "over"],
)
def test_it_holds_from_a_local_time_to_another(moment: str, holds: bool) -> None:
    end = once("2026-12-18T18:00", "2027-01-04T08:00").end_at(utc(moment))
    assert (end is not None) == holds
    assert end is None or until(end) == "2027-01-04 08:00 Europe/Berlin"


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-03-27T14:59", False),  # Friday, winter time: 15:59
        ("2026-03-27T15:00", True),
        ("2026-03-29T12:00", True),  # the clocks went on at 01:00 UTC
        ("2026-03-30T05:59", True),  # Monday, summer time: 07:59
        ("2026-03-30T06:00", False),
        ("2026-04-01T12:00", False),
        ("2026-10-23T13:59", False),
        ("2026-10-23T14:00", True),
        ("2026-10-26T06:59", True),
        ("2026-10-26T07:00", False),
    ],
)
def test_scenario_18_a_weekly_window_goes_by_the_clock_on_the_wall_over_summer_time(moment: str, holds: bool) -> None:
    assert (weekend().end_at(utc(moment)) is not None) == holds


def test_a_week_may_end_before_it_begins_and_is_over_where_it_says_so() -> None:
    """From Monday 08:00 to Monday 07:00: all but an hour."""
    almost = Freeze("f", BERLIN, Weekly(timedelta(hours=8), timedelta(days=6, hours=23)))
    week = [utc("2026-11-30T00:00") + timedelta(hours=number) for number in range(24 * 7)]
    assert [moment for moment in week if almost.end_at(moment) is None] == [utc("2026-11-30T06:00")]


@pytest.mark.parametrize(
    ("freeze", "first", "last"),
    [
        (once("2026-03-29T02:30", "2026-03-29T05:00"), "2026-03-29T00:30", "2026-03-29T03:00"),
        (once("2026-03-29T00:00", "2026-03-29T02:30"), "2026-03-28T23:00", "2026-03-29T01:30"),
        (once("2026-10-25T02:30", "2026-10-25T05:00"), "2026-10-25T00:30", "2026-10-25T04:00"),
        (once("2026-10-25T00:00", "2026-10-25T02:30"), "2026-10-24T22:00", "2026-10-25T01:30"),
        (once("2026-10-04T02:15", "2026-10-04T02:15", SOUTH), "2026-10-03T15:15", "2026-10-03T15:45"),
    ],
    ids=["from, skipped", "to, skipped", "from, doubled", "to, doubled", "half an hour, skipped"],
)
def test_a_time_that_summer_time_skips_or_doubles_is_the_earlier_from_and_the_later_to(
    freeze: Freeze, first: str, last: str
) -> None:
    second = timedelta(seconds=1)
    held = [
        freeze.end_at(moment) is not None for moment in (utc(first) - second, utc(first), utc(last) - second, utc(last))
    ]
    assert held == [False, True, True, False]


@pytest.mark.parametrize(
    ("patterns", "target", "is_meant"),
    [
        ({}, Target("any", "eu-west-1", "shared", "layer"), True),
        ({"accounts": ("prod",)}, CHECKOUT, True),
        ({"accounts": ("prod*",), "regions": ("eu-*",)}, CHECKOUT, False),
        ({"functions": ("check*", "orders")}, CHECKOUT, True),
        ({"functions": ("*",)}, Target("prod", "us-west-2", "shared", "layer"), False),
    ],
    ids=["all there is", "an account", "another region", "a function", "functions, and a layer"],
)
def test_it_is_of_what_all_its_patterns_match(patterns: dict[str, Any], target: Target, is_meant: bool) -> None:
    freeze = replace(weekend(), **patterns)
    assert bool(on([freeze], target, utc("2026-11-28T12:00"))) == is_meant


def test_of_several_the_one_that_is_over_last_comes_first() -> None:
    found = on([weekend(), once("2026-11-01T00:00", "2026-12-24T00:00")], CHECKOUT, utc("2026-11-28T12:00"))
    assert [freeze.name for freeze, _ in found] == ["f", "weekend"]
