"""What a failure may hide: the call may have been carried out, or somebody else was there meanwhile.

A repeated attempt proves nothing: AWS is looked at and compared with what it must hold before and after the call, and only
that decides. Never repeats a call itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.apply import looking
from reconciler.apply.expected import Change, Expected, changed, changed_since, function_of, published, unlike
from reconciler.aws.client import Answer, Aws
from reconciler.core.errors import CallFailed, StalePlan
from reconciler.core.model import Key, Live, Operation
from reconciler.kinds.event_source_mapping import UUID

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
        return failure.code == STALE or (self.change.after is None and failure.code == "ResourceNotFoundException")

    def _looked(self, failure: CallFailed) -> Answer | None:
        match self.operation.name:
            case "PublishVersion":
                return self._published(failure)
            case "CreateEventSourceMapping":
                return self._mapped(failure)
        seen = looking.seen(self.aws, self.change.key, has_tags="Tags" in (self.change.before or {}))
        state = seen.properties if seen else None
        against_before = unlike(self.change.key, self.change.before, state)
        if not against_before:
            return self._stands(seen, failure) if self._has_failed(seen) else None
        against_after = unlike(self.change.key, self.change.after, state)
        if against_after:
            fewer = against_after if len(against_after) < len(against_before) else against_before
            raise changed(self.change.key, fewer) from failure
        return self._stands(seen, failure)

    def _has_failed(self, seen: Live | None) -> bool:
        """Whether AWS took an update and then could not carry it out, which leaves everything as it was."""
        is_moved = seen is not None and seen.handle.get("RevisionId") != self.expected.known_revision(seen.key)
        return bool(is_moved and seen and seen.handle.get("LastUpdateStatus") == "Failed")

    def _published(self, failure: CallFailed) -> Answer | None:
        """A version newer than the plan saw, with what was to be published, is ours; without one nothing was published."""
        function = function_of(self.change.key)
        seen = looking.seen(self.aws, function)
        found = unlike(function, self.expected.states.get(function), seen.properties if seen else None)
        if found:
            raise changed(function, found) from failure
        wanted = published(self.expected.states[function], function)
        newest = self.expected.newest_version(function.target)
        for version in looking.versions_after(self.aws, function.target, newest):
            if not unlike(version.key, wanted, version.properties):
                return self._stands(version, failure)
        return None

    def _mapped(self, failure: CallFailed) -> Answer | None:
        """A mapping that the plan did not see, with what was to be created, is ours."""
        for uuid in self._new_mappings(failure):
            key = Key(self.change.key.target, self.change.key.kind, uuid)
            seen = looking.seen(self.aws, key, has_tags="Tags" in self.params)
            if seen and not unlike(key, self.change.after, seen.properties):
                return self._stands(seen, failure)
        return None

    def _new_mappings(self, failure: CallFailed) -> Iterator[str]:
        """AWS names the mapping that is in the way; where no answer came it is looked for."""
        named = UUID.search(str(failure))
        target = self.change.key.target
        found = [named[0]] if named else looking.mappings_of(self.aws, self.params["FunctionName"], target)
        known = {key.name for key in self.expected.states}
        return (uuid for uuid in found if uuid not in known)

    def _stands(self, seen: Live | None, failure: CallFailed) -> Answer:
        """What a later call needs of the answer that was lost."""
        result: dict[str, Any] = dict(seen.handle) if seen else {}
        if self.params.get("Publish"):
            result["Version"] = "1"
        if self.operation.name == "DeleteEventSourceMapping":
            result["UUID"] = self.params["UUID"]
        return Answer(result, failure.request_id, failure.attempts, 204 if seen is None else 200)
