"""How long is waited before a forge is asked again, and when no more: of answers as values, nobody waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from reconciler.core.errors import ForgeError
from reconciler.github.asking import BROKEN, MOST_TRIES, MOST_WAITED_SECONDS, Answer, Patience, pause_seconds

NOW = datetime(2026, 11, 25, 17, 31, 59, tzinfo=UTC)
NEVER = Answer(403, content=b'{"message": "Resource not accessible by integration"}')
SECONDARY = b'{"message": "You have exceeded a secondary rate limit."}'


def used_up(**headers: str) -> Answer:
    return Answer(403, {"x-ratelimit-remaining": "0", **headers})


def reset(seconds: float) -> str:
    return str(int((NOW + timedelta(seconds=seconds)).timestamp()))


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 404, 410, 422])
def test_an_answer_is_taken(status: int) -> None:
    assert pause_seconds(Answer(status), 1) is None


def test_a_refusal_for_good_is_an_answer() -> None:
    assert pause_seconds(NEVER, 1) is None


@pytest.mark.parametrize("status", [BROKEN, 500, 502, 503, 504])
def test_where_no_answer_came_each_pause_is_twice_the_one_before(status: int) -> None:
    assert [pause_seconds(Answer(status), tries) for tries in (1, 2, 3, 4)] == [1, 2, 4, 8]


@pytest.mark.parametrize("status", [403, 429, 503])
def test_what_github_says_is_waited(status: int) -> None:
    assert pause_seconds(Answer(status, {"retry-after": "17"}), 1) == 17


@pytest.mark.parametrize(("seconds", "pause"), [(20, 21), (0, 1), (-90, 1)])
def test_a_limit_is_waited_for_until_its_reset_by_githubs_clock(seconds: int, pause: float) -> None:
    now = format_datetime(NOW, usegmt=True)
    assert pause_seconds(used_up(date=now, **{"x-ratelimit-reset": reset(seconds)}), 1) == pause


@pytest.mark.parametrize(
    "answer",
    [
        Answer(429),
        Answer(403, content=SECONDARY),
        used_up(),
        used_up(date="yesterday", **{"x-ratelimit-reset": reset(20)}),
        used_up(date="Wed, 25 Nov 2026 17:31:59 GMT", **{"x-ratelimit-reset": "soon"}),
        used_up(date="Wed, 25 Nov 2026 17:31:59 GMT", **{"x-ratelimit-reset": "9" * 30}),
        used_up(date="Wed, 25 Nov 2026 17:31:59 -0000", **{"x-ratelimit-reset": reset(20)}),
        Answer(403, {"retry-after": "later"}),
    ],
)
def test_a_limit_without_a_time_that_can_be_read_is_a_minute(answer: Answer) -> None:
    assert pause_seconds(answer, 1) == 60


def test_an_answer_is_looked_for_only_where_none_came() -> None:
    answers = iter(
        [Answer(429, {"retry-after": "1"}), Answer(502), Answer(BROKEN, content=b"ReadTimeout"), Answer(201)]
    )
    looked = list[int]()
    patience = Patience(lambda _: None)
    assert patience.asked("write", lambda: next(answers), lambda: looked.append(1)).status == 201
    assert len(looked) == 2


def test_an_answer_that_is_found_is_the_answer() -> None:
    answers = iter([Answer(502)])
    found = Answer(200, content=b"{}")
    assert Patience(lambda _: None).asked("write", lambda: next(answers), lambda: found) is found


def test_a_run_waits_no_longer_than_it_may_whatever_it_asks() -> None:
    slept = list[float]()
    patience = Patience(slept.append)
    for seconds in (50, 70):
        answers = iter([Answer(429, {"retry-after": str(seconds)}), Answer(200)])
        patience.asked("read", lambda answers=answers: next(answers))  # type: ignore[misc]
    with pytest.raises(ForgeError, match="cannot read: GitHub's rate limit is used up"):
        patience.asked("read", lambda: Answer(429, {"retry-after": "1"}))
    assert sum(slept) == MOST_WAITED_SECONDS


def test_the_last_try_is_not_followed_by_a_pause() -> None:
    slept = list[float]()
    with pytest.raises(ForgeError, match="the connection breaks: ReadTimeout"):
        Patience(slept.append).asked("read", lambda: Answer(BROKEN, content=b"ReadTimeout"))
    assert len(slept) == MOST_TRIES - 1


def test_between_two_writes_is_a_second() -> None:
    slept = list[float]()
    patience = Patience(slept.append)
    for _ in range(3):
        patience.before_a_write()
    assert slept == [1, 1]
