"""How often a forge is asked, and how long between: until there is an answer, for as long as that may still help. Pure but for the
sleep that comes in. Knows nothing of HTTP's wires; whoever sends says what came back, or that the connection broke.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reconciler.core.errors import ForgeError

MOST_TRIES = 5
MOST_WAITED_SECONDS = 120.0
FIRST_PAUSE_SECONDS = 1.0
SECONDS_BETWEEN_WRITES = 1.0  # as GitHub asks for
SECONDARY_LIMIT_SECONDS = 60.0  # where GitHub does not say how long
BROKEN = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is BROKEN where the connection broke, and `content` the word for how: whether the request was carried out is not known
    then. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def is_unclear(self) -> bool:
        return self.status == BROKEN or self.status >= 500

    @property
    def is_limited(self) -> bool:
        """Not now, but later; a 403 may also mean never."""
        is_used_up = self.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in self.headers
        return self.status == 429 or (self.status == 403 and (is_used_up or b"rate limit" in self.content.lower()))


def pause_seconds(answer: Answer, tries: int) -> float | None:
    """How long to wait before the same is asked again; None where the answer is one."""
    if not answer.is_unclear and not answer.is_limited:
        return None
    told = answer.headers.get("retry-after", "")
    if told.isdecimal():
        return float(told)
    if not answer.is_limited:
        return FIRST_PAUSE_SECONDS * float(2 ** (tries - 1))
    return (
        _until_reset(answer.headers) if answer.headers.get("x-ratelimit-remaining") == "0" else SECONDARY_LIMIT_SECONDS
    )


def _until_reset(headers: Mapping[str, str]) -> float:
    """By GitHub's own clock, so that ours may be wrong; a second more, since it is not said when in that second."""
    try:
        reset = datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC)
        return max(0.0, (reset - parsedate_to_datetime(headers["date"])).total_seconds()) + 1
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return SECONDARY_LIMIT_SECONDS


class Patience:
    """What is left of the waiting; one for all that a run asks."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._waited_seconds = 0.0
        self._has_written = False

    def asked(
        self, what: str, send: Callable[[], Answer], already: Callable[[], Answer | None] = lambda: None
    ) -> Answer:
        """The answer; where none came, first what `already` finds: a request whose answer is lost may be carried out, and must not be
        twice. Raises ForgeError when there is none in time."""
        for tries in range(1, MOST_TRIES + 1):
            answer = send()
            pause = pause_seconds(answer, tries)
            if pause is None:
                return answer
            if tries == MOST_TRIES or self._waited_seconds + pause > MOST_WAITED_SECONDS:
                raise ForgeError(_given_up(what, answer, tries, pause))
            self._waited_seconds += pause
            self._sleep(pause)
            found = already() if answer.is_unclear else None
            if found is not None:
                return found
        raise AssertionError("the last try returns or raises")

    def before_a_write(self) -> None:
        if self._has_written:
            self._sleep(SECONDS_BETWEEN_WRITES)
        self._has_written = True


def _given_up(what: str, answer: Answer, tries: int, pause: float) -> str:
    if answer.is_limited:
        return f"cannot {what}: GitHub's rate limit is used up ({answer.status}); run the job again in {pause:.0f} s"
    why = f"it answers {answer.status}" if answer.status else f"the connection breaks: {answer.content.decode()}"
    return f"cannot {what}: GitHub gave no answer in {tries} tries ({why}); run the job again"
