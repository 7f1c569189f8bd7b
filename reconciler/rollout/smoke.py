"""What of a candidate's answer to a smoke event is not as the spec expects it. Sends nothing; no payload is in what it tells."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.rollouts import Smoke


@dataclass(frozen=True, slots=True)
class Answer:
    """What Invoke answered: the payload's bytes, the FunctionError (empty: none), the end of the log, and how long it took."""

    payload: bytes
    error: str = ""
    log: str = ""
    milliseconds: int = 0


def failed(smoke: Smoke, answer: Answer) -> tuple[str, ...]:
    """A sentence for each expectation that is not met; none where it passed."""
    raise NotImplementedError
