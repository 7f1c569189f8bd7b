"""The marker at the end of a Description: what it says is what was written, whatever stands before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.rollout.marker import MOST, MOST_DESCRIPTION, MOST_TEXT, Marker, joined, split

AT = datetime(2026, 11, 25, 12, 40, 5, tzinfo=UTC)
BEGUN = datetime(2026, 11, 25, 12, 10, 1, tzinfo=UTC)
STEP = Marker("8", "step", AT, BEGUN, "7", 2, 4, 0.25)
TOLD = {
    "[rollout 8: step 2 of 4 at 25% since 2026-11-25T12:40:05Z, begun 2026-11-25T12:10:01Z, from 7]": STEP,
    "[rollout 8: step 2 of 4 at 25% since 2026-11-25T12:40:05Z, begun 2026-11-25T12:10:01Z, from 7, paused]": replace(STEP, flag="paused"),
    "[rollout 8: step 2 of 4 at 25% since 2026-11-25T12:40:05Z, begun 2026-11-25T12:10:01Z, from 7, held: no alarm red]": replace(
        STEP, flag="held", reason="no alarm red"
    ),
    "[rollout 8: watch since 2026-11-25T12:40:05Z, begun 2026-11-25T12:10:01Z, from 7]": Marker("8", "watch", AT, BEGUN, "7"),
    "[rollout 8: rejected 2026-11-25T12:40:05Z: errors 4.1 % > 2 %]": Marker("8", "rejected", AT, reason="errors 4.1 % > 2 %"),
    "[rollout 8: rejected 2026-11-25T12:40:05Z]": Marker("8", "rejected", AT),
}  # fmt: skip
moments = st.datetimes(datetime(2020, 1, 1), datetime(2999, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))
versions = st.integers(1, 10**6).map(str)
reasons = st.text(max_size=300)
percents = st.integers(0, 99).map(lambda percent: percent / 100)
flags = st.sampled_from(["", "paused", "held"])
markers = st.one_of(
    st.builds(
        Marker, versions, st.just("step"), moments, moments, versions, st.integers(1, 50), st.integers(1, 50), percents, flags, reasons
    ),
    st.builds(Marker, versions, st.just("watch"), moments, moments, versions, flag=flags, reason=reasons),
    st.builds(Marker, versions, st.just("rejected"), moments, reason=reasons),
)  # fmt: skip


@pytest.mark.parametrize("text", TOLD)
def test_a_marker_is_written_and_read(text: str) -> None:
    assert (str(TOLD[text]), split(text)) == (text, ("", TOLD[text]))


@given(st.text(max_size=MOST_TEXT), markers)
def test_text_and_marker_survive_each_other(text: str, marker: Marker) -> None:
    """All of it but the end of a reason; within what AWS takes."""
    description = joined(text, marker)
    own, read = split(description)
    assert own == text
    assert read and replace(read, flag=marker.flag, reason=marker.reason) == marker
    assert (read.flag, len(description) <= MOST_DESCRIPTION, len(description) - len(text) <= MOST + 1) == (
        marker.flag,
        True,
        True,
    )
    assert joined(*split(description)) == description


@given(st.text(min_size=MOST_TEXT, max_size=MOST_DESCRIPTION), markers)
def test_behind_a_text_that_is_longer_than_a_specs_a_marker_still_fits(text: str, marker: Marker) -> None:
    description = joined(text, marker)
    read = split(description)[1]
    assert len(description) <= MOST_DESCRIPTION
    assert read and (read.candidate, read.since, read.flag) == (marker.candidate, marker.since, marker.flag)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "orders",
        "[rollout 8: rejected 2026-11-25T12:40:05Z] and more",
        "[rollout 08: rejected 2026-11-25T12:40:05Z]",
        "[rollout 8: rejected 2026-02-30T12:40:05Z]",
        "[rollout 8: rejected 9999-12-31T23:59:59Z]",
        "[rollout 8: rejected 0001-01-01T00:00:00Z]",
        "[rollout 8: rejected 2026-11-25T12:40:05Z]\n",
        "[rollout 8: rejected 2026-11-25T12:40:05Z: a [b]]",
        "[rollout 8: step 2 of 4 since 2026-11-25T12:40:05Z]",
        "[rollout $LATEST: rejected 2026-11-25T12:40:05Z]",
        "[rollout 8: rejected ٢٠٢٦-11-25T12:40:05Z]",
    ],
)
def test_what_only_looks_like_a_marker_is_text(text: str) -> None:
    assert split(text) == (text, None)


def test_a_text_that_ends_with_a_marker_keeps_it_before_ours() -> None:
    forged = "[rollout 9: rejected 2026-11-25T12:40:05Z]"
    assert split(joined(forged, STEP)) == (forged, STEP)


def test_no_reason_ends_a_marker_or_upsets_a_terminal() -> None:
    marker = replace(TOLD["[rollout 8: rejected 2026-11-25T12:40:05Z]"], reason="a]\n[rollout 9\x1b[31m:\u2028b")
    assert str(marker) == "[rollout 8: rejected 2026-11-25T12:40:05Z: a) (rollout 9 (31m: b]"


def test_a_moment_of_another_zone_is_told_in_utc() -> None:
    assert "since 2026-11-25T12:40:05Z" in str(replace(STEP, since=AT.astimezone(timezone(timedelta(hours=5)))))
