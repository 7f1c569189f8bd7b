"""What AWS's refusals mean, and what botocore raises, in our words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from reconciler.aws.sessions import CLIENT_ATTEMPTS
from reconciler.core import service
from reconciler.core.errors import AwsError, CallFailed, NoCredentials

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
TOO_MUCH = (
    "TooManyRequestsException", "ThrottlingException", "ThrottledException", "Throttling", "RequestLimitExceeded", "RequestThrottled",
    "SlowDown", "429",
)  # fmt: skip
LOST = (NoConnection, HTTPClientError)
NOT_FOUND = ("ResourceNotFoundException", "ProvisionedConcurrencyConfigNotFoundException")
# Of what a function cannot have AWS says that it may not be asked for (FACTS 10.5).
CANNOT_BE = re.compile("does not contain a capacity provider configuration")


def is_passing(failure: CallFailed) -> bool:
    """Whether waiting helps."""
    return any(failure.code == code and pattern.search(str(failure)) for code, pattern in PASSING)


def is_too_much(code: str, message: str) -> bool:
    """Whether AWS, or EC2 on its behalf, says that it is asked too often."""
    return code in TOO_MUCH or "throttled by EC2" in message


def failure_of(operation: str, api: str, error: Exception, redacted: Callable[[str], str]) -> AwsError:
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
    attempts = (1 if service.is_change(operation, api) else CLIENT_ATTEMPTS) if is_lost else 0
    return CallFailed(f"{operation}: {what}", code=name, attempts=attempts, is_retryable=is_lost)
