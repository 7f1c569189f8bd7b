"""The errors that the sandbox answers with, in AWS's codes and statuses. Computes nothing, knows no state."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """An answer that is an error, as AWS words it; some have no words."""

    def __init__(
        self, code: str, message: str | None, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = dict(headers or {})


class Reset(Exception):
    """The connection is to be broken without an answer."""


def invalid(message: str) -> Refused:
    return Refused("InvalidParameterValueException", message)


def conflict(message: str) -> Refused:
    return Refused("ResourceConflictException", message, 409)


def not_found(message: str = "The resource you requested does not exist.") -> Refused:
    return Refused("ResourceNotFoundException", message, 404)


def old_revision(ask: str) -> Refused:
    return Refused(
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. "
        f"Call the {ask} API to retrieve the latest Revision Id",
        412,
    )


def not_spoken(what: str) -> Refused:
    return Refused("NotImplementedException", f"The sandbox does not speak {what}.", 501)


def only_functions() -> Refused:
    return invalid(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN."
    )
