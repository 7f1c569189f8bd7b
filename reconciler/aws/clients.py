"""boto3's clients, made when first used and shared by all threads: one an account, region and API, and of each another for what botocore
must not repeat, for what carries bytes, and for invocations. Every request, repeated ones too, waits for its turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import boto3
from botocore import xform_name

from reconciler.aws.failures import is_too_much
from reconciler.aws.pace import Schedule, Turns
from reconciler.aws.sessions import CLIENT, ONCE, UNREPEATED, UPLOADING, carries_bytes, opened, without_credentials
from reconciler.core import service
from reconciler.core.accounts import Account
from reconciler.core.errors import NoCredentials
from reconciler.core.model import Properties

HEAD_START_SECONDS = 2.0  # of what lists a place: much may have to wait for what it tells


class Clients:
    """Raises NoCredentials where an account has none."""

    def __init__(self, accounts: Mapping[str, Account], schedule: Schedule, owner: Callable[[str], str]) -> None:
        """`owner(account)` is the number of an account, or what else tells it from others."""
        self._accounts, self._schedule, self._owner = accounts, schedule, owner
        self._lock = threading.RLock()
        self.sessions: dict[str, boto3.Session | NoCredentials] = {}
        self.made: dict[tuple[str, str, str], Any] = {}
        self._paginators: dict[tuple[Any, str], Any] = {}

    def of(self, account: str, region: str, operation: str, api: str, params: Properties) -> Any:
        is_large = carries_bytes(params)
        config = ONCE if operation == "Invoke" else UPLOADING if is_large else CLIENT
        sort = "invoke" if operation == "Invoke" else "large" if is_large else ""
        if service.is_change(operation, api) and operation != "Invoke":
            config, sort = config.merge(UNREPEATED), f"{sort} change"
        key = (f"{account}/{api}", region, sort)
        if key in self.made:  # who has a client does not wait for another one that is being made
            return self.made[key]
        with self._lock:
            if key not in self.made:
                session = self._session(account, region)
                try:
                    made = session.client(api, region_name=region, config=config)  # type: ignore[call-overload]
                except Exception as error:  # an endpoint of the profile's, a bundle of certificates: in every kind
                    raise without_credentials(self._accounts[account], error) from error
                if self._schedule.calls_per_second and sort != "invoke":
                    turns = partial(self._turns, account, region, api)
                    made.meta.events.register("before-send", partial(_wait, turns, is_lambda=api == "lambda"))
                    made.meta.events.register("response-received", partial(_hear, turns))
                self.made[key] = made
            return self.made[key]

    def paginator(self, client: Any, operation: str) -> Any:
        """Made once: botocore builds a class for each, which takes longer than to use it."""
        with self._lock:
            if (client, operation) not in self._paginators:
                self._paginators[client, operation] = client.get_paginator(xform_name(operation))
            return self._paginators[client, operation]

    def _turns(self, account: str, region: str, api: str, operation: str) -> Turns | None:
        return self._schedule.turns(self._owner(account), region, api, operation)

    def _session(self, account: str, region: str) -> boto3.Session:
        """The account's session, opened once; what could not be opened is not tried again."""
        if account not in self.sessions:
            try:
                self.sessions[account] = opened(self._accounts[account], region)
            except NoCredentials as failure:
                self.sessions[account] = failure
        session = self.sessions[account]
        if isinstance(session, NoCredentials):
            raise session
        return session


def _wait(turns: Callable[[str], Turns | None], event_name: str, *, is_lambda: bool, **_: Any) -> None:
    """A request is about to be sent."""
    operation = event_name.rpartition(".")[2]
    line = turns(operation)
    if line:
        is_first = is_lambda and service.is_of_a_place(operation)
        line.wait(operation, HEAD_START_SECONDS if is_first else 0.0)


def _hear(turns: Callable[[str], Turns | None], event_name: str, parsed_response: Any = None, **_: Any) -> None:
    """A request was answered."""
    line = turns(event_name.rpartition(".")[2])
    if line:
        error = (parsed_response or {}).get("Error", {})
        line.answered(
            is_throttled=bool(error) and is_too_much(str(error.get("Code", "")), str(error.get("Message", "")))
        )
