"""What a failure may hide: the call may have been carried out, or somebody else was there meanwhile.

A repeated attempt proves nothing: AWS is looked at and compared with what it must hold before and after the call, and only
that decides. Never repeats a call itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.apply import looking
from reconciler.apply.expected import Change, Expected, changed, changed_since, root_of
from reconciler.aws.client import Answer, Aws
from reconciler.core.errors import CallFailed, StalePlan
from reconciler.core.model import Live
from reconciler.core.plans import Operation
from reconciler.kinds.registry import KINDS

STALE = "PreconditionFailedException"


@dataclass(frozen=True, slots=True)
class Judge:
    """Of one call, after each of its failures. Returns the answer that stands for it when it was carried out, None when it
    was not; raises StalePlan or NotOwned when AWS holds neither what was before nor what must be after."""

    aws: Aws
    operation: Operation
    params: Mapping[str, Any]
    change: Change
    expected: Expected

    def __call__(self, failure: CallFailed, is_repeated: bool) -> Answer | None:
        if not (is_repeated or failure.attempts > 1 or failure.is_retryable or self._may_be_ours(failure)):
            return None  # the first attempt was answered, so the answer is the truth
        try:
            carried_out = self._looked(failure)
        except CallFailed as unseen:  # nobody can tell, so nothing is repeated
            if failure.code == STALE:
                raise StalePlan(f"{failure}; {changed_since(f'unknown, for {unseen}')}") from failure
            raise failure from unseen
        if carried_out is None and failure.code == STALE:
            raise changed(self.change.key, ()) from failure  # its revision alone is another
        return carried_out

    def _may_be_ours(self, failure: CallFailed) -> bool:
        """Whether a first attempt is refused because AWS holds already what it is to make, or nothing of what it is to take."""
        held = "ResourceNotFoundException" if self.change.after is None else "ResourceAlreadyExistsException"
        return failure.code in (STALE, "ObjectNotFoundException", held)

    def _looked(self, failure: CallFailed) -> Answer | None:
        if self.change.before is None and KINDS[self.change.key.kind].named_by:
            return self._made(failure)
        seen = looking.seen(self.aws, self.change.key, has_tags="Tags" in (self.change.before or {}))
        state = seen.properties if seen else None
        against_before = self.expected.unlike(self.change.key, self.change.before, state)
        if not against_before:
            return self._stands(seen, failure) if self._has_failed(seen) else None
        against_after = self.expected.unlike(self.change.key, self.change.after, state)
        if against_after:
            fewer = against_after if len(against_after) < len(against_before) else against_before
            raise changed(self.change.key, fewer) from failure
        return self._stands(seen, failure)

    def _has_failed(self, seen: Live | None) -> bool:
        """Whether AWS took an update and then could not carry it out, which leaves everything as it was."""
        is_moved = seen is not None and seen.handle.get("RevisionId") != self.expected.known_revision(seen.key)
        return bool(is_moved and seen and seen.handle.get("LastUpdateStatus") == "Failed")

    def _made(self, failure: CallFailed) -> Answer | None:
        """Of what AWS gives its name to, one that the plan did not see, with what was to be made, is ours; without one nothing
        was made."""
        key, function = self.change.key, root_of(self.change.key)
        stands = looking.seen(self.aws, function)
        unequal = self.expected.unlike(
            function, self.expected.states.get(function), stands.properties if stands else None
        )
        if unequal:
            raise changed(function, unequal) from failure
        known = {other.name for other in self.expected.states if other.kind == key.kind}
        for name in looking.names(self.aws, key, self.params["FunctionName"]):
            candidate = replace(key, name=name)
            seen = looking.seen(self.aws, candidate, has_tags="Tags" in self.params) if name not in known else None
            if seen and not self.expected.unlike(candidate, self.change.after, seen.properties):
                return self._stands(seen, failure)
        return None

    def _stands(self, seen: Live | None, failure: CallFailed) -> Answer:
        """What a later call needs of the answer that was lost."""
        result: dict[str, Any] = dict(seen.handle) if seen else {}
        if self.params.get("Publish"):
            result["Version"] = "1"
        named_by = KINDS[self.change.key.kind].named_by
        result |= {named_by: self.params[named_by]} if named_by in self.params else {}
        return Answer(result, failure.request_id, failure.attempts, 204 if seen is None else 200)
