"""What a rollout's candidate must pass before it has any traffic, and the time that its marker bears. Decides nothing that the plan, or the spec's
expectations, have not decided. What was answered is told to who asked for it, and kept nowhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.apply.run import Record, Run
from reconciler.aws.client import Answer, Aws
from reconciler.core.errors import AwsError, CodeDiffers, Rejected
from reconciler.core.place import Place
from reconciler.core.plans import Operation
from reconciler.core.rollouts import Smoke
from reconciler.files.patterns import is_found
from reconciler.files.reading import UnreadableFile, contents
from reconciler.kinds.alias import ALIAS
from reconciler.rollout import smoke as expectations
from reconciler.rollout.sending import Described

MOST_BYTES = 6 * 2**20  # of an event
SHOWN = ("StatusCode", "ExecutedVersion", "FunctionError")  # of an answer, in records: payloads are shown to nobody


def event(smoke: Smoke) -> bytes:
    """What is sent: what the plan was made of. Raises CodeDiffers."""
    try:
        content = contents(Path(smoke.path), MOST_BYTES)
    except (OSError, UnreadableFile) as error:
        raise CodeDiffers(f"{smoke.event} cannot be read any more: {error}; plan again") from error
    if hashlib.sha256(content).hexdigest() != smoke.sha256:
        raise CodeDiffers(f"{smoke.event} is not what it was when the plan was made; plan again")
    return content


def require_passed(index: int, operation: Operation, answer: Answer, seconds: float, record: Record) -> None:
    """What was answered is judged, and that is on record. Raises Rejected, with all that was expected otherwise."""
    assert operation.smoke
    smoke, result, milliseconds = operation.smoke, answer.result, int(seconds * 1000)
    payload, version = result.get("Payload") or b"", str(result.get("ExecutedVersion") or operation.params["Qualifier"])
    log = base64.b64decode(result.get("LogResult") or "").decode("utf-8", "replace")
    given = expectations.Invoked(payload, str(result.get("FunctionError", "")), log, milliseconds)
    wrong = expectations.failed(smoke, given, is_found)
    judged = {
        "event": smoke.event, "sha256": smoke.sha256, "version": version,
        "outcome": "failed" if wrong else "passed", "milliseconds": milliseconds, "failed": list(wrong),
    }  # fmt: skip
    record.note("smoke_judged", index=index, smoke=judged)
    tell_answer(operation, version, payload, record.run)
    if wrong:
        reason = f"smoke {smoke.event}: {'; '.join(wrong)}"
        raise Rejected(f"{operation.key}: version {version} did not pass: {reason}", reason=reason)


def tell_answer(operation: Operation, version: str, payload: bytes, run: Run) -> None:
    """To whoever asked for it; no value of the environment that the version has is in it."""
    if run.hear and operation.smoke:
        function, place = operation.key.target.function, Place.of(operation.key.target)
        try:
            run.aws.call(place, "GetFunction", {"FunctionName": function, "Qualifier": version})
            shown = run.aws.redaction.strictly(payload)
        except AwsError as failure:
            shown = f"(not shown, for nobody can tell what in it is sensitive: {failure})"
        run.hear(operation.key, operation.smoke.event, shown)


def without_payload(answer: Answer) -> Answer:
    return replace(answer, result={name: answer.result[name] for name in SHOWN if name in answer.result}, headers={})


def dated(params: Mapping[str, Any], operation: Operation, aws: Aws) -> Mapping[str, Any]:
    """Params with the marker as it is sent: at AWS's time, which it is asked for."""
    described = params.get("Description")
    if not isinstance(described, Described):
        return params
    place = Place.of(operation.key.target)
    aws.find(place, *ALIAS.reading.single(operation.key.target.function, operation.key.name))
    return {**params, "Description": described.written(str(described.candidate), aws.date(place))}


def rejection(operation: Operation, reason: str) -> Operation | None:
    """What is done about the alias of a candidate that did not pass."""
    otherwise = operation.otherwise
    described = otherwise.params["Description"] if otherwise else None
    if otherwise is None or not isinstance(described, Described):
        return None
    return replace(otherwise, params={**otherwise.params, "Description": described.because(reason)})
