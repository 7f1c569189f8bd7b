"""The one seam to AWS: calls and waits, by the sessions of `sessions`.

A call goes in as a place, an operation name and params; what comes back is AWS's answer as a mapping, or `CallFailed`.
It decides nothing about specs or plans.
"""

from __future__ import annotations

import math
import os
import random
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import IO, Any

import boto3
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from reconciler.aws.download import downloaded
from reconciler.aws.sessions import (
    CLIENT,
    CLIENT_ATTEMPTS,
    ONCE,
    UNREPEATED,
    UPLOADING,
    carries_bytes,
    core_session,
    opened,
    profile_of,
    refused,
    without_credentials,
)
from reconciler.core import service
from reconciler.core.accounts import Account, with_whole_arns
from reconciler.core.errors import AwsError, CallFailed, Interrupted, NoCredentials, SettleFailed, WrongVariable
from reconciler.core.model import LocalArn, Properties, Target
from reconciler.core.redaction import Redaction
from reconciler.core.waiting import State, Wait

PATIENCE_SECONDS = 300.0
LONGEST_PAUSE_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.05  # between two looks at a function: GetFunction has a quota of its own
FIRST_SCARCE_PAUSE_SECONDS = 0.3  # a mapping is looked at out of the quota that everything shares
LONGEST_SLOW_PAUSE_SECONDS = 5.0  # between two looks at what takes minutes

# Lambda's control plane gives an account and region 100 GetFunction, 15 GetPolicy and 15 other calls a second, to all callers together.
CALLS_PER_SECOND = 13.5
SHARES: Mapping[str, float] = {"GetFunction": 100 / 15, "GetPolicy": 1.0}  # of calls with a quota of their own
CALLS_PER_SECOND_VARIABLE = "RECONCILE_CALLS_PER_SECOND"  # another rate; 0 is as fast as it goes
LONGEST_WAIT_SECONDS = 10.0  # between two attempts of a call that something else is in the way of
UNSEEN_SECONDS = 30.0  # how long a function that was just created may still be answered with 404

# What passes by itself, by AWS's code and a piece of its message (FACTS 2.2, 2.6, 2.9). "already exists" shares
# its code with "in progress" and must never be retried, so the message decides.
PASSING: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ResourceConflictException", re.compile("in progress|currently in the following state")),
    ("ResourceInUseException", re.compile("")),
    ("ConcurrentUpdateException", re.compile("")),  # Application Auto Scaling, likewise
    ("OperationAbortedException", re.compile("")),  # CloudWatch Logs, while something else is at the same group
    (
        "InvalidParameterValueException",
        re.compile(
            "cannot be assumed by Lambda|execution role does not have permissions|ensure the role can perform"
            "|KMS key is invalid for CreateGrant|throttled by EC2|does not have permissions to call|destination ARN .* is invalid"
        ),
    ),
)
# A role that was just created is not to be seen everywhere; a name that is none is refused in the same words, so not for long.
NEW_PRINCIPAL = ("InvalidParameterValueException", re.compile("provided principal was invalid"))
NEW_PRINCIPAL_SECONDS = 60.0
SERVER_SIDE = (
    "TooManyRequestsException", "ThrottlingException", "ServiceException", "InternalError", "Throttling",
    "RequestLimitExceeded", "RequestThrottled", "RequestTimeout", "RequestTimeoutException", "ServiceUnavailableException",
)  # fmt: skip
LOST = (NoConnection, HTTPClientError)
NOT_FOUND = ("ResourceNotFoundException", "ProvisionedConcurrencyConfigNotFoundException")
# Of what a function cannot have AWS says that it may not be asked for (FACTS 10.5).
CANNOT_BE = re.compile("does not contain a capacity provider configuration")


@dataclass(frozen=True, slots=True)
class Place:
    """An account, by its name in reconcile.yaml, and a region."""

    account: str
    region: str

    @classmethod
    def of(cls, target: Target) -> Place:
        return cls(target.account, target.region)

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What AWS answered: members, HTTP status and headers, request id, and how many attempts botocore needed."""

    result: Mapping[str, Any]
    request_id: str = ""
    attempts: int = 1
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Ruling = Callable[[CallFailed, bool], Answer | None]  # (failure, whether the call is about to be repeated)


class Pace:
    """Keeps one client's requests, retries included, to a rate; a second's worth may go at once."""

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._gap = 1 / per_second
        self._clock, self._sleep = clock, sleep
        self._next = clock() - 1.0
        self._lock = threading.Lock()

    def __call__(self, **_: Any) -> None:
        """Wait for this request's turn."""
        with self._lock:
            now = self._clock()
            self._next = max(self._next + self._gap, now - 1.0)
            ahead = self._next - now
        if ahead > 0:
            self._sleep(ahead)


def calls_per_second() -> float:
    """Raises WrongVariable where the environment says a rate that is none."""
    written = os.environ.get(CALLS_PER_SECOND_VARIABLE, "").strip()
    try:
        rate = float(written or CALLS_PER_SECOND)
    except ValueError:
        rate = math.nan
    if not 0 <= rate < math.inf:
        raise WrongVariable(f"{CALLS_PER_SECOND_VARIABLE} is {written!r}; it is a number of calls, 0 for no limit")
    return rate


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
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._sleep = sleep
        self._is_stopping = is_stopping
        self._calls_per_second = calls_per_second()
        self._lock = threading.RLock()
        self._sessions: dict[str, boto3.Session | NoCredentials] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._paces: dict[tuple[Place, str], Pace] = {}
        self._identities: dict[str, str] = {}
        self.redaction = Redaction()

    def account_id(self, place: Place) -> str:
        """The account that the credentials belong to, asked once an account. Raises AwsError when reconcile.yaml says
        another."""
        with self._lock:
            if place.account not in self._identities:
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
                self._identities[place.account] = actual
            return self._identities[place.account]

    def call(self, place: Place, operation: str, params: Properties, *, api: str = "") -> Answer:
        """One call; without an API, of the one of Lambda and what is beside it that has such an operation. What passes by itself is
        waited out; everything else that AWS refuses is `CallFailed`."""
        return self._answer(place, operation, params, api or service.api_of(operation), lambda *_: None)

    def change(self, place: Place, operation: str, params: Properties, judge: Ruling) -> Answer:
        """One call that changes something. The judge is asked after each failure, right before the call may be repeated,
        and its answer stands for the call's."""
        return self._answer(place, operation, params, service.api_of(operation), judge)

    def _answer(self, place: Place, operation: str, params: Properties, api: str, judge: Ruling) -> Answer:
        """botocore repeats no change that a plan asks for, so that this loop does."""
        begun, pause, attempts = self._clock(), FIRST_PAUSE_SECONDS, 0
        while True:
            try:
                answer = self._attempt(place, operation, params, api)
                return replace(answer, attempts=attempts + answer.attempts)
            except CallFailed as failure:
                attempts = failure.attempts = attempts + failure.attempts
                is_ours = is_change(operation, api) and operation != "Invoke" and attempts < CLIENT_ATTEMPTS
                patience = (
                    self._patience_seconds if is_ours and failure.is_retryable else self._patience(failure, params)
                )
                is_repeated = self._clock() + pause <= begun + patience and not self._is_stopping()
                if is_repeated:
                    self._sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311  jitter, not a secret
                    pause = min(pause * (3 if failure.is_retryable else 2), LONGEST_WAIT_SECONDS)
                carried_out = judge(failure, is_repeated)
                if carried_out:
                    return carried_out
                if not is_repeated:
                    raise

    def _patience(self, failure: CallFailed, params: Properties) -> float:
        """For how many seconds waiting may help."""
        if is_passing(failure):
            return self._patience_seconds
        code, pattern = NEW_PRINCIPAL
        is_new = (
            failure.code == code
            and pattern.search(str(failure))
            and str(params.get("Principal", "")).startswith("arn:")
        )
        return min(self._patience_seconds, NEW_PRINCIPAL_SECONDS) if is_new else 0.0

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
            for page in client.get_paginator(xform_name(operation)).paginate(**params):
                yield self.redaction.answer(page, openly)
        except Exception as error:
            raise _failure(operation, api, error, partial(self.redaction.text, openly=openly)) from error

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
            raise _failure(operation, api, error, partial(self.redaction.text, openly=openly)) from error
        self.redaction.learn(text for text, is_sensitive in service.texts(answer, shapes.output_shape) if is_sensitive)
        meta = answer.pop("ResponseMetadata", {})
        result = self._redacted(answer, openly)
        return Answer(
            result=result,
            request_id=str(meta.get("RequestId", "")),
            attempts=int(meta.get("RetryAttempts", 0)) + 1,
            status_code=int(meta.get("HTTPStatusCode", 200)),
            headers=self._headers(meta.get("HTTPHeaders", {}), result, shapes.output_shape, openly),
        )

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
        """What has a quota of its own has a client of its own, which slows down alone when throttled."""
        is_large = carries_bytes(params)
        config = ONCE if operation == "Invoke" else UPLOADING if is_large else CLIENT
        bucket = operation if operation in SHARES or operation == "Invoke" else "large" if is_large else ""
        if is_change(operation, api) and operation != "Invoke":
            config, bucket = config.merge(UNREPEATED), f"{bucket} change"
        key = (f"{place.account}/{api}", place.region, bucket)
        with self._lock:
            if key not in self._clients:
                session = self._session(place)
                try:
                    made = session.client(api, region_name=place.region, config=config)  # type: ignore[call-overload]
                except Exception as error:  # an endpoint of the profile's, a bundle of certificates: in every kind
                    raise without_credentials(self._accounts[place.account], error) from error
                if api == "lambda" and self._calls_per_second and bucket != "Invoke":
                    made.meta.events.register("before-send.lambda", self._pace(place, operation))
                self._clients[key] = made
            return self._clients[key]

    def _pace(self, place: Place, operation: str) -> Pace:
        """One pace for all clients that draw on the same quota."""
        quota = operation if operation in SHARES else ""
        if (place, quota) not in self._paces:
            rate = self._calls_per_second * SHARES.get(operation, 1.0)
            self._paces[place, quota] = Pace(rate, self._clock, self._sleep)
        return self._paces[place, quota]

    def _session(self, place: Place) -> boto3.Session:
        """The account's session, opened once; what could not be opened is not tried again."""
        if place.account not in self._sessions:
            try:
                self._sessions[place.account] = opened(self._accounts[place.account], place.region)
            except NoCredentials as failure:
                self._sessions[place.account] = failure
        session = self._sessions[place.account]
        if isinstance(session, NoCredentials):
            raise session
        return session

    # --- waiting ---------------------------------------------------------------------------------------------------

    def settle(
        self, target: Target, wait: Wait, answered: Mapping[str, Any], *, seconds: float | None = None
    ) -> Mapping[str, Any]:
        """Wait until AWS has carried out what it accepted; `answered` is the answer of the call that is waited for.
        `seconds` says how long, where that is not as long as for a change of our own.

        Returns the state last seen. Raises SettleFailed with AWS's reason.
        """
        state: Mapping[str, Any] | None = answered
        patience = (3 if wait.is_slow else 2) * self._patience_seconds if seconds is None else seconds
        deadline = self._clock() + patience
        unseen_until = self._clock() + UNSEEN_SECONDS
        pause = FIRST_SCARCE_PAUSE_SECONDS if wait.is_scarce else FIRST_PAUSE_SECONDS
        longest = LONGEST_SLOW_PAUSE_SECONDS if wait.is_slow else LONGEST_PAUSE_SECONDS
        while not wait.is_over(state, target, answered):
            if self._is_stopping():
                raise Interrupted(f"{target}: stopped while AWS was still at it ({wait.name})", is_retryable=True)
            if self._clock() > deadline:
                raise SettleFailed(
                    f"{target}: {wait.describe(state)}, still not settled after {patience:.0f} s ({wait.name})",
                    is_retryable=True,
                )
            self._sleep(pause)
            pause = min(pause * 2, longest)
            state = self._looked(target, wait, answered, state)
            if state is None and not wait.is_for_the_end and self._clock() > unseen_until:
                raise SettleFailed(f"{target}: disappeared while it was waited for ({wait.name})")
        return state or {}

    def _looked(self, target: Target, wait: Wait, answered: Properties, state: State) -> Mapping[str, Any] | None:
        operation, params = wait.look(target, answered, state)
        answer = self.find(Place.of(target), operation, params)
        return answer[wait.member] if answer and wait.member else answer

    def find(self, place: Place, operation: str, params: Properties) -> Mapping[str, Any] | None:
        """The answer of a reading call, or None when AWS says that there is no such thing."""
        try:
            return self.call(place, operation, params).result
        except CallFailed as failure:
            if failure.code in NOT_FOUND or CANNOT_BE.search(str(failure)):
                return None
            raise


def is_change(operation: str, api: str) -> bool:
    """Whether a call may change what a plan speaks of; an invocation may. botocore repeats none of these."""
    return api in service.APIS and not operation.startswith(service.READING)


# --- what AWS's refusals mean --------------------------------------------------------------------------------------


def is_passing(failure: CallFailed) -> bool:
    """Whether waiting helps."""
    return any(failure.code == code and pattern.search(str(failure)) for code, pattern in PASSING)


def _failure(operation: str, api: str, error: Exception, redacted: Callable[[str], str]) -> AwsError:
    """What botocore raised, in our words. Not only its own kinds: credentials that renew themselves meanwhile fail in any.
    AWS's validation errors, and botocore's, repeat what was sent."""
    match error:
        case NoCredentials():
            return NoCredentials(str(error))
        case ClientError():
            return _refused(error, redacted)
        case BotoCoreError() | OSError():
            return _lost(operation, api, redacted(str(error)), error)
        case _:
            return _lost(operation, api, f"unexpected {type(error).__name__}", error)


def _refused(error: ClientError, redacted: Callable[[str], str]) -> CallFailed:
    answer: Mapping[str, Any] = error.response
    code = str(answer.get("Error", {}).get("Code", ""))
    meta = answer.get("ResponseMetadata", {})
    message = redacted(str(answer.get("Error", {}).get("Message", "") or answer.get("message", "")))
    return CallFailed(
        message or code,
        code=code,
        request_id=str(meta.get("RequestId", "")),
        attempts=int(meta.get("RetryAttempts", 0)) + 1,
        is_retryable=code in SERVER_SIDE or int(meta.get("HTTPStatusCode", 400)) >= 500,
    )


def _lost(operation: str, api: str, what: str, error: Exception) -> CallFailed:
    """No answer came: nobody knows whether AWS did it. What could not even be sent took no attempt."""
    is_lost, name = isinstance(error, LOST), type(error).__name__
    attempts = (1 if is_change(operation, api) else CLIENT_ATTEMPTS) if is_lost else 0
    return CallFailed(f"{operation}: {what}", code=name, attempts=attempts, is_retryable=is_lost)
