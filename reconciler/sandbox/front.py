"""What stands in front of moto, whether requests come by socket or within the process.

A request with its credentials goes in; Lambda's answer, that of what is beside it, CloudWatch's, the tagging API's about functions, or
IAM's about what may be done, comes out, from the account that the credentials belong to. Requests to other services are not its concern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox import calls, deliveries, monitoring, tagging, trail
from reconciler.sandbox.around import moto_lambda
from reconciler.sandbox.around.downloads import OPENING, Downloads
from reconciler.sandbox.around.faults import Fault, parse_faults
from reconciler.sandbox.around.simulation import is_simulation, simulated
from reconciler.sandbox.around.world import PREFIX, Around, Clients
from reconciler.sandbox.gate import Gate, is_answered_beside
from reconciler.sandbox.http import wire
from reconciler.sandbox.http.log import Logged
from reconciler.sandbox.http.wire import Request, Response, scope

DEFAULT_ACCOUNT = "123456789012"
TAGGING_API = "tagging"  # the name that its requests are signed for


def as_faults(given: Iterable[Fault | Mapping[str, Any]]) -> tuple[Fault, ...]:
    """Faults, given as such or as a script's JSON."""
    return tuple(fault if isinstance(fault, Fault) else parse_faults([dict(fault)], "faults")[0] for fault in given)


class Front:
    """A Lambda in all accounts and regions, with its requests on record."""

    def __init__(self, clients: Clients, account_id: str, **settings: Any) -> None:
        """`settings` are the gate's."""
        settings["faults"] = as_faults(settings["faults"])
        self.clients = clients
        self._downloads = Downloads(clients.endpoint_url)
        self.gate = Gate(lambda account, region: Around(clients, self._downloads, account, region), **settings)
        self._account_id = account_id
        self._accounts: dict[str, str] = {}
        moto_lambda.listen(self)

    @property
    def requests(self) -> list[Logged]:
        """Every request so far for Lambda, or for what is beside it and answered here."""
        return self.gate.requests

    @property
    def writes(self) -> list[Logged]:
        """The requests that may have changed something."""
        return [request for request in self.requests if request.is_write]

    def holds(self, arn: str) -> bool:
        """Whether another service finds this function."""
        return deliveries.holds(self.gate, arn)

    def deliver(self, arn: str, event: Any, service: str) -> None:
        """What another service hands to a function."""
        deliveries.deliver(self.gate, arn, event, service)

    def account(self, key: str) -> str:
        """The account of an access key: as the sandbox's own keys say, as STS says of others."""
        if key.startswith(PREFIX):
            return key.removeprefix(PREFIX)
        if key not in self._accounts:
            self._accounts[key] = self.clients.account_of(key) if key else self._account_id
        return self._accounts[key]

    def caller(self, key: str) -> str:
        """Whose an access key is, by ARN; the sandbox's own keys are a user's of that name."""
        if not key or key.startswith(PREFIX):
            return f"arn:aws:iam::{self.account(key)}:user/sandbox"
        return self.clients.arn_of(key)

    def answer(self, request: Request) -> Response | None:
        """The response to a request for Lambda, for what is beside it, about tags or about rights; None when it is for somebody else.
        Raises Reset."""
        if request.path.startswith(OPENING):
            return self._downloads.answer(request)
        key, region, api = scope(request.headers)
        called = calls.answered(self.gate, request, self.account(key) if api == "lambda" else "")
        if called:
            return called
        if api == "lambda" or (not api and wire.routed(request.method, request.path, request.query)):
            return self.gate.answer(request, self.account(key), region)
        if is_answered_beside(api, request):
            return self.gate.answer_beside(api, request, self.account(key), region)
        if trail.is_answered(api, request):
            return self.gate.answer_about(trail.operations(self.caller), request, self.account(key), region)
        if monitoring.is_answered(api, request):
            return monitoring.answered(self.gate, request, self.account(key), region)
        if api == "iam" and is_simulation(request):
            return simulated(request, self.gate.script.denied)
        if api == TAGGING_API:
            account = self.account(key)
            return tagging.answered(self.gate, request, account, region, moto_lambda.responding(account))
        return None
