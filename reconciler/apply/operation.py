"""One call of a plan, recorded before it, after it, and after AWS has carried it out.

It fills in what only an earlier answer could tell, guards with RevisionIds, and believes nothing that it has not compared.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from reconciler.apply.confirming import Seen, at_rest, confirmed, revision, unchanged
from reconciler.apply.delivery import Deliveries
from reconciler.apply.expected import Change, Expected
from reconciler.apply.failure import as_failure, failed
from reconciler.apply.recovery import Judge
from reconciler.apply.run import Outcome, Record, Results, Run
from reconciler.apply.smoking import dated, event, require_passed, without_payload
from reconciler.aws.client import Answer, Aws, Place
from reconciler.core import service
from reconciler.core.errors import CodeDiffers, FunctionFailed, Interrupted, Rejected
from reconciler.core.model import Target
from reconciler.core.packages import Blob
from reconciler.core.plans import Operation, Ref
from reconciler.core.waiting import Awaited, Flow, Room, Wait
from reconciler.core.words import byte_size
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import CALLS, KINDS, WAITS
from reconciler.report.results import invocation, result_object
from reconciler.rollout.sending import Described
from reconciler.snapshot import artifacts

Answers = Mapping[Target, Results]
NOTHING: Mapping[str, Any] = {}


@dataclass(slots=True)
class Known:
    """What one target's answers and looks have told so far; results by operation name. `rejected` is why a candidate did not pass."""

    expected: Expected
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rejected: str = ""


def perform_operation(index: int, operations: Sequence[Operation], known: Known, record: Record) -> Flow[Outcome]:
    """After the last one the target is looked at."""
    operation, answer, run = operations[index], None, record.run
    begun = run.clock()
    record.record("operation_started", index=index)
    run.tell(operation.key, operation.name, "started")

    def elapsed() -> float:
        return round(run.clock() - begun, 3)

    try:
        prepare(index, operation, record)
        change, answer = yield from call(operation, known, run)
        record.record(
            "operation_answered", index=index, duration_seconds=elapsed(), attempts=answer.attempts,
            request_id=answer.request_id, result=_result(operation, answer),
        )  # fmt: skip
        if operation.smoke:
            require_passed(index, operation, answer, elapsed(), record)
        else:
            check(operation, answer, run)
        noted = yield from settle(operation, change, answer, known, run.aws)
        if operation is operations[-1]:
            yield from at_rest(run.aws, operation.key.target, known.expected)
    except Interrupted:
        return "failed"  # answered, and on record as such; the next run sees whether AWS carried it out
    except Rejected as error:
        known.rejected = error.reason
        return failed(index, operation, as_failure(error, answer), elapsed(), record)
    except Exception as error:  # a target's failure, even one of our own making, never stops another target
        return failed(index, operation, as_failure(error, answer), elapsed(), record)
    code = sent_code(operation, answer)
    record.note("operation_finished", index=index, duration_seconds=elapsed(), noted=list(noted), **code)
    run.tell(operation.key, operation.name, "finished")
    return "succeeded"


def room_for(operation: Operation, deliveries: Deliveries) -> Flow[None]:
    """Wait for room for the code that is sent with it."""
    blobs = [operation.upload] if operation.upload else list(blobs_of(operation.params))
    try:
        size = sum(deliveries.package(blob).size for blob in blobs)
    except Exception:  # which is told when it is to be sent
        return
    if size:
        yield Room(size)


def blobs_of(value: Any) -> Iterator[Blob]:
    match value:
        case Blob():
            yield value
        case Mapping():
            for item in value.values():
                yield from blobs_of(item)


def call(operation: Operation, known: Known, run: Run) -> Flow[tuple[Change, Answer]]:
    """The call with everything filled in, after a look where no revision guards it. An answer that was lost on the way is
    looked for before it counts as failed."""
    place, aws = Place.of(operation.key.target), run.aws
    own: dict[Target, Results] = {operation.key.target: known.results}
    params = filled(operation.params, ChainMap(own, run.answers), operation.key.target, run.deliveries)
    params = dict(dated(params, operation, aws))
    has_guard = "RevisionId" in service.members(operation.name)
    guard = (yield from revision(aws, operation, known.expected)) if has_guard else ""
    params |= {"RevisionId": guard} if guard else {}
    change = known.expected.change(operation, params)
    if operation.name == "Invoke":
        params |= {"Payload": event(operation.smoke)} if operation.smoke else {}
        return change, aws.call(place, operation.name, params)
    if "RevisionId" not in params and operation.name != "CreateFunction":
        unchanged(aws, change, known.expected, is_upsert=CALLS[operation.name].is_upsert)
    answer = yield from aws.change(place, operation.name, params, Judge(aws, operation, params, change, known.expected))
    known.results[operation.name] = answer.result
    return named(change, answer), answer


def named(change: Change, answer: Answer) -> Change:
    """The change with the name that AWS gave to what it made."""
    name = answer.result.get(KINDS[change.key.kind].named_by)
    return replace(change, key=replace(change.key, name=str(name))) if name else change


def prepare(index: int, operation: Operation, record: Record) -> None:
    """What is to be sent is where AWS fetches it, as it was planned: a package is put there, and that is on record."""
    run = record.run
    if not (operation.upload and operation.pin):
        confirm(operation, run)
        return
    target, tell = operation.key.target, partial(run.tell, operation.key, operation.name)
    sent = run.deliveries.put(Place.of(target), operation.upload, operation.pin, tell)
    where = {"S3Bucket": operation.pin.bucket, "S3Key": operation.pin.key, "bytes": sent}
    record.record("package_stored", index=index, package=where)
    if sent:
        tell(f"uploaded {byte_size(sent)} to {operation.pin}")


def confirm(operation: Operation, run: Run) -> None:
    """Raises where the code that is about to be sent is not what the plan was made of. What AWS answers tells it as well where its hash is
    known; so other calls' looks are as good."""
    place = Place.of(operation.key.target)
    if operation.pin and operation.expect:
        run.objects.confirm(place, operation.pin)
    elif operation.pin:
        artifacts.confirm(run.aws, place, operation.pin)


def check(operation: Operation, answer: Answer, run: Run) -> None:
    """Raises where AWS answered well and yet it did not go well: other code than planned, a function that failed."""
    if not operation.expect:  # a hash that nobody knows tells nothing: the object must have stood still around the call
        confirm(operation, run)
    for member, expected in operation.expect.items():
        told = code_of(operation, answer).get(member) or expected
        if told != expected:
            raise CodeDiffers(
                f"{operation.key}: AWS answers {member} {told}, the plan showed {expected}: "
                "the code was replaced in between; plan again",
                code="CodeDiffers",
            )
    if "FunctionError" in answer.result:
        payload = invocation(answer.result)["payload"]
        message = payload.get("errorMessage", payload) if isinstance(payload, dict) else payload
        raise FunctionFailed(
            f"{operation.key}: the function failed ({answer.result['FunctionError']}): {message}", code="FunctionError"
        )


def settle(operation: Operation, change: Change, answer: Answer, known: Known, aws: Aws) -> Flow[tuple[str, ...]]:
    """Wait until AWS has carried it out, and compare what it holds then with what it must hold. Returns what AWS filled in
    by itself."""
    function, itself = NOTHING, NOTHING
    for wait in (WAITS[name] for name in operation.settle):
        seen = yield Awaited(operation.key.target, wait, awaited(wait, change, answer, known))
        if wait.is_whole and wait in FUNCTION.waits:
            function = seen or NOTHING
        elif wait.is_whole or wait.is_named_by_answer:
            itself = seen or NOTHING
    if operation.name == "Invoke":
        return ()
    return (yield from confirmed(aws, operation, change, answer, known.expected, Seen(function, itself)))


def awaited(wait: Wait, change: Change, answer: Answer, known: Known) -> Mapping[str, Any]:
    """What tells the resource that is waited for from others: a version's or mapping's answer; the revision of a function
    that is deleted, for somebody may create another. A changed function is always looked at."""
    if wait.is_named_by_answer:
        return answer.result
    before = {"Name": change.key.name, "RevisionId": known.expected.known_revision(change.key)}
    return {**(change.after or {}), **before}


def code_of(operation: Operation, answer: Answer) -> Mapping[str, Any]:
    """What an answer says of the code that was sent."""
    told: Mapping[str, Any] = (
        KINDS[operation.key.kind].answered(answer.result, operation.key.target.name).get("code", {})
    )
    return told


def sent_code(operation: Operation, answer: Answer) -> dict[str, Any]:
    """Which object the code came from, with the hash that AWS answered: it may be all that anybody knows of it later."""
    pin = operation.pin
    if pin is None or not pin.etag:
        return {}
    sha256 = code_of(operation, answer).get("CodeSha256")
    version = {"S3ObjectVersion": pin.version} if pin.version else {}
    where = {"S3Bucket": pin.bucket, "S3Key": pin.key, **version, "ETag": pin.etag}
    return {"code": {**where, "CodeSha256": sha256}} if sha256 else {}


def _result(operation: Operation, answer: Answer) -> dict[str, Any]:
    answer = without_payload(answer) if operation.smoke else answer
    return result_object(
        operation.name,
        answer.result,
        request_id=answer.request_id,
        status_code=answer.status_code,
        headers=answer.headers,
    )


def filled(value: Any, answers: Answers, own: Target, deliveries: Deliveries) -> Any:
    """Params with `Ref`s, as values and as keys, and `Blob`s replaced by what they stand for: an answer's member, an open package."""
    match value:
        case Mapping():
            return {
                filled(key, answers, own, deliveries): filled(item, answers, own, deliveries)
                for key, item in value.items()
            }
        case list() | tuple():
            return [filled(item, answers, own, deliveries) for item in value]
        case Described():
            return replace(value, candidate=filled(value.candidate, answers, own, deliveries))
        case Ref():
            return answers[value.target or own][value.operation][value.member]
        case Blob():
            return deliveries.package(value).opened()
    return value
