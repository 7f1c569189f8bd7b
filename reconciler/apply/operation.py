"""Calls of a plan, each recorded before it, after it, and after AWS has carried it out.

It fills in what only an earlier answer could tell, guards with RevisionIds, and believes nothing that it has not compared.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from reconciler.apply.confirming import Seen, at_rest, confirmed, revision, unchanged
from reconciler.apply.delivery import Deliveries
from reconciler.apply.expected import Change, Expected
from reconciler.apply.failure import as_failure, failed
from reconciler.apply.recovery import Judge
from reconciler.apply.run import Outcome, Record, Results, Run
from reconciler.apply.smoking import dated, event, require_passed, without_payload
from reconciler.aws.client import Answer
from reconciler.core import service
from reconciler.core.errors import CodeDiffers, FunctionFailed, Interrupted, Rejected
from reconciler.core.model import Target
from reconciler.core.packages import Blob
from reconciler.core.place import Place
from reconciler.core.plans import Operation, Ref
from reconciler.core.waiting import Awaited, Flow, State, UploadRoom, Wait, Waits, side_by_side
from reconciler.core.words import byte_size
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import CALLS, KINDS, WAITS
from reconciler.report.results import invocation, result_object
from reconciler.rollout.sending import Described
from reconciler.snapshot import artifacts

Answers = Mapping[Target, Results]
Wanted = TypeVar("Wanted")
SUCCEEDED: Outcome = "succeeded"
NOTHING: Mapping[str, Any] = {}


@dataclass(slots=True)
class Known:
    """What one target's answers and looks have told so far; results by operation name. `rejected` is why a candidate did not pass."""

    expected: Expected
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rejected: str = ""


@dataclass(slots=True)
class UnderWay:
    """One operation while it is carried out; `change` and `answer` are there once it was answered, `noted` once it is settled."""

    index: int
    operation: Operation
    known: Known
    record: Record
    begun: float
    change: Change | None = None
    answer: Answer | None = None
    noted: tuple[str, ...] = ()

    def elapsed(self) -> float:
        return round(self.record.run.clock() - self.begun, 3)


def perform_together(
    numbered: Iterable[tuple[int, Operation]], known: Known, record: Record, *, is_last: bool
) -> Flow[Outcome]:
    """Call after call, until one fails; what was called by then is waited for side by side. After the last ones of a target it is looked at."""
    under_way, outcome, run = list[UnderWay](), SUCCEEDED, record.run
    for index, operation in numbered:
        yield from room_for(operation, run.deliveries)
        if run.is_stopping():
            outcome = "failed" if index else "not attempted"
            break
        one = UnderWay(index, operation, known, record, run.clock())
        outcome = yield from guarded(one, begun(one))
        if outcome != SUCCEEDED:
            break
        under_way.append(one)
    outcomes = yield from side_by_side(guarded(one, settled(one)) for one in under_way)
    done = [one for one, end in zip(under_way, outcomes, strict=True) if end == SUCCEEDED]
    outcome = next((end for end in (outcome, *outcomes) if end != SUCCEEDED), SUCCEEDED)
    if is_last and outcome == SUCCEEDED:
        outcome = yield from guarded(done[-1], at_rest(run.aws, record.target, known.expected))
        done = done if outcome == SUCCEEDED else done[:-1]
    for one in done:
        finish(one)
    return outcome


def guarded(one: UnderWay, part: Generator[Wanted, State, None]) -> Generator[Wanted, State, Outcome]:
    """What becomes of the target by a part of an operation, whose failure is on record."""
    try:
        yield from part
    except Interrupted:
        return "failed"  # answered, and on record as such; the next run sees whether AWS carried it out
    except Exception as error:  # a target's failure, even one of our own making, never stops another target
        one.known.rejected = error.reason if isinstance(error, Rejected) else ""
        return failed(one.index, one.operation, as_failure(error, one.answer), one.elapsed(), one.record)
    return SUCCEEDED


def begun(one: UnderWay) -> Flow[None]:
    """From its record to its answer."""
    operation, record, run = one.operation, one.record, one.record.run
    record.record("operation_started", index=one.index)
    run.tell(operation.key, operation.name, "started")
    prepare(one.index, operation, record)
    one.change, one.answer = yield from call(operation, one.known, run)
    record.record(
        "operation_answered", index=one.index, duration_seconds=one.elapsed(), attempts=one.answer.attempts,
        request_id=one.answer.request_id, result=_result(operation, one.answer),
    )  # fmt: skip
    if operation.smoke:
        require_passed(one.index, operation, one.answer, one.elapsed(), record)
    else:
        check(operation, one.answer, run)


def finish(one: UnderWay) -> None:
    operation, record = one.operation, one.record
    assert one.answer
    code = sent_code(operation, one.answer)
    record.note("operation_finished", index=one.index, duration_seconds=one.elapsed(), noted=list(one.noted), **code)
    record.run.tell(operation.key, operation.name, "finished")


def room_for(operation: Operation, deliveries: Deliveries) -> Flow[None]:
    """Wait for room for the code that is sent with it."""
    blobs = [operation.upload] if operation.upload else list(blobs_of(operation.params))
    try:
        size = sum(deliveries.package(blob).size for blob in blobs)
    except Exception:  # which is told when it is to be sent
        return
    if size:
        yield UploadRoom(size)


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
    change = named(change, answer)
    known.expected.wrote(change)
    return change, answer


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


def settled(one: UnderWay) -> Waits[None]:
    """Wait until AWS has carried it out, and compare what it holds then with what it must hold."""
    operation, change, answer, known = one.operation, one.change, one.answer, one.known
    assert change and answer
    function, itself = NOTHING, NOTHING
    for wait in (WAITS[name] for name in operation.settle):
        seen = yield Awaited(operation.key.target, wait, awaited(wait, change, answer, known))
        if wait.is_whole and wait in FUNCTION.waits:
            function = seen or NOTHING
        elif wait.is_whole or wait.is_named_by_answer:
            itself = seen or NOTHING
    if operation.name != "Invoke":
        shown = Seen(function, itself)
        one.noted = yield from confirmed(one.record.run.aws, operation, change, answer, known.expected, shown)


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
