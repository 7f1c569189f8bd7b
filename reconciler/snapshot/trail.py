"""CloudTrail, asked about one account and region: few calls, at its pace, and never a failure. Never writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.aws.client import Aws
from reconciler.aws.unread import failure_text, mend
from reconciler.core import trail
from reconciler.core.errors import AwsError, CallFailed, Interrupted
from reconciler.core.place import Place

DENIED = ("AccessDenied", "Unauthorized", "NotAuthorized")
MOST_CALLS = 40  # of a run
MOST_PAGES = 3  # of one question, of 50 events each


class Trail:
    """What CloudTrail tells of a place. `problem` is why it tells no more, `reason` the same for whoever can mend it; `is_cut` says that some
    question had more pages than were read."""

    def __init__(self, aws: Aws, place: Place) -> None:
        self._aws, self._place = aws, place
        self._calls = 0
        self.problem = self.reason = ""
        self.is_cut = False

    def events(self, look: trail.Look) -> list[trail.Event]:
        """The events that answer a question, newest first, as far as there are any to be had."""
        found: list[trail.Event] = []
        params: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": look.attribute, "AttributeValue": look.value}],
            "StartTime": look.start,
            "EndTime": look.end,
        }
        for _ in range(MOST_PAGES):
            answer = self._asked(params)
            found += filter(None, map(trail.event, answer.get("Events", [])))
            if not answer.get("NextToken"):
                return found
            params["NextToken"] = answer["NextToken"]
        self.is_cut = True
        return found

    def _asked(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._calls == MOST_CALLS:
            self.problem = self.problem or trail.TOO_MANY
        if self.problem:
            return {}
        self._calls += 1
        try:
            return self._aws.call(self._place, "LookupEvents", params).result
        except Interrupted:
            raise
        except AwsError as failure:
            is_denied = isinstance(failure, CallFailed) and failure.code.startswith(DENIED)
            self.problem = trail.NO_PERMISSION if is_denied else trail.NO_ANSWER
            remedy = mend(self._place.account, "cloudtrail:LookupEvents", failure)
            self.reason = f"{failure_text('LookupEvents', failure)}; {remedy}"
            return {}
