"""How commands of a test's own process reach its sandbox: without a socket, and by clients that tests share.

Making clients takes longer than most tests, and sending by HTTP longer than answering; what is the same by HTTP is shown by
`tests/sandbox`, the manual, and every test that starts a program. Commands that speak by other credentials than the sandbox's own (a
profile, a role) or at another pace make clients of their own, by HTTP.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from reconciler.aws.client import Aws
from reconciler.core.accounts import Account
from reconciler.sandbox import Sandbox
from reconciler.sandbox.around import moto_lambda, world
from reconciler.sandbox.around.direct import answering
from reconciler.sandbox.http.wire import Request, Response, scope
from reconciler.sandbox.refusals import Reset

THROTTLED = 429


class Line:
    """The clients of this process, and the sandbox that answers them now. A client that met trouble slows down for good, so
    none of a service outlives a test that had any with it. Who a key belongs to is the same in each test."""

    def __init__(self) -> None:
        self.sandbox: Sandbox | None = None
        self.sessions = Sessions(self.answered)
        self.clients: dict[tuple[str, str, str], Any] = {}
        self.callers: dict[tuple[str, bytes], Response] = {}
        self.of_tests: dict[tuple[str, str, str], Any] = {}
        self.troubled: set[str] = set()

    def answered(self, request: Request) -> Response:
        """What the sandbox, or moto behind it, answers."""
        assert self.sandbox, "a command outlived its test"
        key, _, api = scope(request.headers)
        try:
            response = self.sandbox.answer(request)
        except Reset:
            self.troubled.add(api)
            raise
        if response is None:
            response = self.caller(key, request) if api == "sts" else around(key, request)
        if response.status >= THROTTLED:
            self.troubled.add(api)
        date = formatdate(self.sandbox.gate.clock(), usegmt=True)  # as any server says
        return replace(response, headers={"Date": date, **response.headers})

    def caller(self, key: str, request: Request) -> Response:
        if (key, request.body) not in self.callers:
            self.callers[key, request.body] = around(key, request)
        return self.callers[key, request.body]

    def clients_of(self, sandbox: Sandbox, make: Callable[..., Any]) -> Callable[..., Any]:
        """How the clients are made that a test asks a sandbox for."""

        def made(key: str, token: str | None, api: str, region: str, endpoint_url: str | None) -> Any:
            if endpoint_url != sandbox.endpoint_url or not key.startswith(world.PREFIX):
                return make(key, token, api, region, endpoint_url)
            if (key, api, region) not in self.of_tests:
                client = make(key, token, api, region, world.NOWHERE)
                client.meta.events.register_first("before-send", answering(self.answered))
                self.of_tests[key, api, region] = client
            return self.of_tests[key, api, region]

        return made

    @contextmanager
    def leading_to(self, sandbox: Sandbox) -> Iterator[None]:
        self.sandbox = sandbox
        try:
            yield
        finally:
            self.sandbox = None
            for name, client in [*self.clients.items()]:
                if client.meta.service_model.signing_name in self.troubled:
                    del self.clients[name]
            self.troubled.clear()


def around(key: str, request: Request) -> Response:
    """What moto answers."""
    return moto_lambda.responding(key.removeprefix(world.PREFIX))(request)


class Sessions(dict[str, Any]):
    """boto3 sessions by account, whose clients are answered within the process."""

    def __init__(self, respond: Callable[[Request], Response]) -> None:
        self._respond = respond

    def __setitem__(self, account: str, session: Any) -> None:
        if hasattr(session, "events"):  # else it could not be opened
            session.events.register_first("before-send", answering(self._respond))
        super().__setitem__(account, session)


LINE = Line()


def with_shared_clients(plain: Mapping[str, str], original: Callable[..., None]) -> Callable[..., None]:
    """How the seam to AWS is made where `plain` is the environment of a sandbox."""

    def initialised(self: Aws, accounts: Mapping[str, Account], **settings: Any) -> None:
        original(self, accounts, **settings)
        is_plain = all(os.environ.get(name) == value for name, value in plain.items())
        if is_plain and not any(account.profile or account.role_arn for account in accounts.values()):
            self.clients.sessions, self.clients.made = LINE.sessions, LINE.clients

    return initialised
