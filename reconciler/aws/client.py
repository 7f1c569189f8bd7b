"""The one seam to AWS: calls, by the sessions of `sessions`.

A call goes in as a place, an operation name and params; what comes back is AWS's answer as a mapping, or `CallFailed`.
It decides nothing about specs or plans.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import IO, Any, TypeAlias

from botocore import xform_name

from reconciler.aws.clients import Clients
from reconciler.aws.download import downloaded
from reconciler.aws.failures import CANNOT_BE, NEW_PRINCIPAL, NEW_PRINCIPAL_SECONDS, NOT_FOUND, failure_of, is_passing
from reconciler.aws.pace import Schedule, calls_per_second
from reconciler.aws.sessions import CLIENT_ATTEMPTS, core_session, profile_of, refused
from reconciler.core import service
from reconciler.core.accounts import Account, with_whole_arns
from reconciler.core.errors import AwsError, CallFailed
from reconciler.core.model import Properties
from reconciler.core.place import Place
from reconciler.core.redaction import Redaction
from reconciler.core.values import LocalArn
from reconciler.core.waiting import Pause, State

PATIENCE_SECONDS = 300.0
IDENTITY_SECONDS = 5.0  # for which one region waits for what STS of another says
FIRST_PAUSE_SECONDS = 0.05  # between two attempts of a call

LONGEST_WAIT_SECONDS = 10.0  # between two attempts of a call that something else is in the way of


@dataclass(frozen=True, slots=True)
class Answer:
    """What AWS answered: members, HTTP status and headers, request id, and how many attempts botocore needed."""

    result: Mapping[str, Any]
    request_id: str = ""
    attempts: int = 1
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Repeating: TypeAlias = Generator[Pause, State, Answer]
Ruling = Callable[[CallFailed, bool], Answer | None]  # (failure, whether the call is about to be repeated)


class Aws:
    """Clients for the accounts of reconcile.yaml, made when first used and shared by all threads.

    `clock` and `sleep` are for tests. Raises AwsError when credentials are missing or belong to another account.
    """

    def __init__(
        self,
        accounts: Mapping[str, Account],
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = lambda seconds: time.sleep(seconds),
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._accounts = accounts
        self.patience_seconds = patience_seconds
        self._clock = clock
        self._sleep = sleep
        self._is_stopping = is_stopping
        self.schedule = Schedule(calls_per_second(), clock, sleep)
        self.clients = Clients(accounts, self.schedule, self.owner)
        self._asking = {name: threading.Lock() for name in accounts}
        self._identities: dict[str, str] = {}
        self._dates: dict[Place, str] = {}  # as Lambda wrote them
        self.redaction = Redaction()

    def owner(self, account: str) -> str:
        """The number of an account, or its name as long as nobody knows that."""
        return self._accounts[account].account_id or self._identities.get(account, account)

    def account_id(self, place: Place) -> str:
        """The account that the credentials belong to, asked once an account: who waits long for the answer in another region asks in its own.
        Raises AwsError when reconcile.yaml says another."""
        asking = self._asking[place.account]
        is_first = asking.acquire(timeout=IDENTITY_SECONDS)
        try:
            if place.account not in self._identities:
                self._identities[place.account] = self._identity(place)
        except AwsError:
            if place.account not in self._identities:  # which another region has told meanwhile
                raise
        finally:
            if is_first:
                asking.release()
        return self._identities[place.account]

    def _identity(self, place: Place) -> str:
        account = self._accounts[place.account]
        try:
            actual = str(self.call(place, "GetCallerIdentity", {}, api="sts").result["Account"])
        except CallFailed as failure:
            raise refused(account, failure) from failure
        if account.account_id not in ("", actual):
            profile = profile_of(account)
            whose = f"credentials of profile {profile}" if profile else "credentials"
            raise AwsError(
                f"account {place.account} is {account.account_id} in reconcile.yaml, but the {whose} belong to {actual}; "
                "check profile and assumeRole, nothing was read or written"
            )
        return actual

    def make_ready(self, place: Place) -> None:
        """The client that reads of Lambda, before it is needed. Raises NoCredentials."""
        self._client(place, "GetFunction", "lambda", {})

    def call(self, place: Place, operation: str, params: Properties, *, api: str = "") -> Answer:
        """One call; without an API, of the one of Lambda and what is beside it that has such an operation. What passes by itself is
        waited out; everything else that AWS refuses is `CallFailed`."""
        flow = self._answer(place, operation, params, api or service.api_of(operation), lambda *_: None)
        while True:
            try:
                pause = next(flow)
            except StopIteration as over:
                answer: Answer = over.value
                return answer
            self._sleep(pause.seconds)

    def change(self, place: Place, operation: str, params: Properties, judge: Ruling) -> Repeating:
        """One call that changes something, and pauses before it is repeated. The judge is asked after each failure, right before the call
        may be repeated, and its answer stands for the call's."""
        return self._answer(place, operation, params, service.api_of(operation), judge)

    def _answer(self, place: Place, operation: str, params: Properties, api: str, judge: Ruling) -> Repeating:
        """botocore repeats no change that a plan asks for, so that this loop does."""
        begun, pause, attempts = self._clock(), FIRST_PAUSE_SECONDS, 0
        while True:
            try:
                answer = self._attempt(place, operation, params, api)
                return replace(answer, attempts=attempts + answer.attempts)
            except CallFailed as failure:
                attempts = failure.attempts = attempts + failure.attempts
                is_ours = service.is_change(operation, api) and operation != "Invoke" and attempts < CLIENT_ATTEMPTS
                patience = (
                    self.patience_seconds if is_ours and failure.is_retryable else self._patience(failure, params)
                )
                is_repeated = self._clock() + pause <= begun + patience and not self._is_stopping()
                if is_repeated:
                    yield Pause(pause * random.uniform(0.7, 1.3))  # noqa: S311  jitter, not a secret
                    pause = min(pause * (3 if failure.is_retryable else 2), LONGEST_WAIT_SECONDS)
                carried_out = judge(failure, is_repeated)
                if carried_out:
                    return carried_out
                if not is_repeated:
                    raise

    def _patience(self, failure: CallFailed, params: Properties) -> float:
        """For how many seconds waiting may help."""
        if is_passing(failure):
            return self.patience_seconds
        code, pattern = NEW_PRINCIPAL
        is_new = (
            failure.code == code
            and pattern.search(str(failure))
            and str(params.get("Principal", "")).startswith("arn:")
        )
        return min(self.patience_seconds, NEW_PRINCIPAL_SECONDS) if is_new else 0.0

    def downloaded(self, place: Place, url: str, most: int) -> AbstractContextManager[IO[bytes]]:
        """What is at an address that AWS gave, for the block: at most so many bytes. Raises AwsError."""
        profile = core_session(self._accounts[place.account].profile, place.region)
        return downloaded(url, most, str(profile.get_config_variable("ca_bundle") or ""))

    def pause(self, seconds: float) -> None:
        """Wait before the next look."""
        self._sleep(seconds)

    def pages(self, place: Place, operation: str, params: Properties, *, api: str = "") -> Iterator[Mapping[str, Any]]:
        """All pages of a listing, by botocore's paginator. A marker that comes back again ends it with an error."""
        api = api or service.api_of(operation)
        client, openly = self._client(place, operation, api, params), {place.account, place.region}
        try:
            for page in self.clients.paginator(client, operation).paginate(**params):
                self._note_date(place, api, page)
                yield self.redaction.answer(page, openly)
        except Exception as error:
            raise failure_of(operation, api, error, partial(self.redaction.text, openly=openly)) from error

    def _sent(self, place: Place, params: Properties) -> Properties:
        """Params as they are sent: with what account and region say before the ends of ARNs."""
        if not any(isinstance(value, LocalArn) for value in params.values()):
            return params
        return with_whole_arns(params, place.region, self.account_id(place))

    def _attempt(self, place: Place, operation: str, params: Properties, api: str) -> Answer:
        params = self._sent(place, params)
        client = self._client(place, operation, api, params)
        shapes = client.meta.service_model.operation_model(operation)
        sent = list(service.texts(params, shapes.input_shape))
        openly = {place.account, place.region, *(text for text, is_sensitive in sent if not is_sensitive)}
        self.redaction.learn(text for text, is_sensitive in sent if is_sensitive)
        try:
            answer = getattr(client, xform_name(operation))(**params)
            if operation == "Invoke":
                answer["Payload"] = answer["Payload"].read()
        except Exception as error:
            raise failure_of(operation, api, error, partial(self.redaction.text, openly=openly)) from error
        self.redaction.learn(service.sensitive_texts(answer, shapes.output_shape))
        self._note_date(place, api, answer)
        meta = answer.pop("ResponseMetadata", {})
        result = self._redacted(answer, openly)
        return Answer(
            result=result,
            request_id=str(meta.get("RequestId", "")),
            attempts=int(meta.get("RetryAttempts", 0)) + 1,
            status_code=int(meta.get("HTTPStatusCode", 200)),
            headers=self._headers(meta.get("HTTPHeaders", {}), result, shapes.output_shape, openly)
            if api not in service.APIS or service.is_change(operation, api)
            else {},
        )

    def _note_date(self, place: Place, api: str, answer: Mapping[str, Any]) -> None:
        if api == "lambda" and (date := answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")):
            self._dates[place] = date

    def _redacted(self, answer: Mapping[str, Any], openly: Collection[str]) -> Mapping[str, Any]:
        """An answer as it may be kept: what AWS says in words, and what an invoked function says at all, without the
        sensitive values that are known."""
        redacted: dict[str, Any] = self.redaction.answer(answer, openly)
        if isinstance(redacted.get("Payload"), bytes):
            redacted["Payload"] = self.redaction.payload(redacted["Payload"], openly)
        if isinstance(redacted.get("LogResult"), str):
            redacted["LogResult"] = self.redaction.log(redacted["LogResult"], openly)
        return redacted

    def _headers(
        self, headers: Mapping[str, str], result: Mapping[str, Any], shape: Any, openly: Collection[str]
    ) -> dict[str, str]:
        """The headers of an answer as they may be kept. Some are members of it (the log of an invocation): those say again
        what the redacted member says."""
        members = shape.members if shape is not None else {}
        again = {
            member.serialization["name"].lower(): result[name]
            for name, member in members.items()
            if member.serialization.get("location") == "header" and isinstance(result.get(name), str)
        }
        return {name: again.get(name.lower()) or self.redaction.text(value, openly) for name, value in headers.items()}

    def _client(self, place: Place, operation: str, api: str, params: Properties) -> Any:
        return self.clients.of(place.account, place.region, operation, api, params)

    def now(self) -> float:
        return self._clock()

    def date(self, place: Place) -> datetime:
        """What time it is by AWS's own clock, as Lambda's newest answer in this account and region says. Raises AwsError where none did."""
        try:
            return parsedate_to_datetime(self._dates[place])
        except (LookupError, ValueError):
            raise AwsError(f"{place}: AWS does not say what time it is there; try again later") from None

    def is_stopping(self) -> bool:
        return self._is_stopping()

    def find(self, place: Place, operation: str, params: Properties) -> Mapping[str, Any] | None:
        """The answer of a reading call, or None when AWS says that there is no such thing."""
        try:
            return self.call(place, operation, params).result
        except CallFailed as failure:
            if failure.code in NOT_FOUND or CANNOT_BE.search(str(failure)):
                return None
            raise
