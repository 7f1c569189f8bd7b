"""The canned AWS itself: a request in, an answer out, at once. No socket, no waiting.

Lambda's part is carried out by the sandbox's own gate, so that answers have the sandbox's shapes; what is around it is a few fixed
answers. Quotas, counts and the fleet that there is from the beginning are its own.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox import tagging
from reconciler.sandbox.gate import BESIDE, Gate
from reconciler.sandbox.http import rpc, wire
from reconciler.sandbox.http.wire import Request, Response
from reconciler.sandbox.refusals import Refused
from tests.benchmarks import fleet
from tests.benchmarks.aws.counts import Counts
from tests.benchmarks.aws.quotas import Quotas

CONTROL = "/_canned/"
LONG_AGO = 90 * 86_400.0  # when the fleet that there is was made
LONGEST_OF_MAPPING = 2.0  # seconds
KEY_PREFIX = "SANDBOX"
IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><UserId>canned</UserId>'
    "<Account>{0}</Account><Arn>arn:aws:iam::{0}:user/canned</Arn></GetCallerIdentityResult>"
    "<ResponseMetadata><RequestId>canned</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)
DENIED = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>canned</Message></Error></ErrorResponse>"


@dataclass(frozen=True, slots=True)
class Settings:
    """What there is from the beginning, and how this AWS behaves. A mapping settles within seconds, however long functions take."""

    functions: int = 0
    regions: Sequence[str] = (fleet.REGION,)
    settle_seconds: float = 2.0
    latency_seconds: float = 0.05
    has_quotas: bool = True


class Around:
    """What is around Lambda: everything that is asked for is there."""

    def object(self, bucket: str, key: str, version: str | None) -> tuple[bytes, str]:
        return packed(key), version or "1"

    def can_assume(self, role: str) -> bool:
        return True

    def has_principal(self, arn: str) -> bool:
        return True

    def check_source(self, arn: str) -> None:
        return None

    def vpc_of(self, subnets: Sequence[str], groups: Sequence[str]) -> str:
        return "vpc-1"

    def download(self, name: str, content: bytes) -> str:
        return f"http://127.0.0.1/{name}"

    def image_digest(self, uri: str) -> str:
        return f"sha256:{hashlib.sha256(uri.encode()).hexdigest()}"

    def log_into(self, group: str) -> None:
        return None

    def log(self, group: str, stream: str, lines: Sequence[str]) -> None:
        return None


def packed(key: str) -> bytes:
    """The zip that is kept under a key."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), f"def handler(event, context):\n    return {key!r}\n")
    return content.getvalue()


class Canned:
    """One AWS, anew with each `begin`."""

    def __init__(self, settings: Settings) -> None:
        self.begin(settings)

    def begin(self, settings: Settings) -> None:
        self.settings, self.counts, self._quotas = settings, Counts(), Quotas()
        self._behind = LONG_AGO
        self._gate = Gate(
            lambda *_: Around(), settle_seconds=settings.settle_seconds, throttle=False, faults=(), log_path=None,
            clock=lambda: time.time() - self._behind, watch_answer=self._forget,
        )  # fmt: skip
        for region in settings.regions:
            for number in range(settings.functions):
                self._make(number, region)
        self._behind = 0.0

    def _make(self, number: int, region: str) -> None:
        """One function of the fleet, each part of it after the one before has settled."""
        for operation, params in fleet.creations(number, region):
            self._gate.carry_out("lambda", operation, params, fleet.ACCOUNT, region)
            self._behind -= self.settings.settle_seconds

    def _forget(self, *_: Any) -> None:
        """The gate's own records would grow with every request."""
        self._gate.log.requests.clear()
        self._gate.log.trail.clear()

    def answer(self, request: Request, now: float) -> Response:
        if request.path.startswith(CONTROL):
            return self._controlled(request)
        key, region, api = wire.scope(request.headers)
        account = key.removeprefix(KEY_PREFIX) if key.startswith(KEY_PREFIX) else fleet.ACCOUNT
        if api == "lambda":
            return self._lambda(request, account, region, now)
        self.counts.note(f"{api or 'unsigned'}", region, now, is_throttled=False)
        return self._beside(api, request, account, region)

    def _lambda(self, request: Request, account: str, region: str, now: float) -> Response:
        operation = (wire.routed(request.method, request.path, request.query) or ("unknown", {}))[0]
        is_taken = not self.settings.has_quotas or self._quotas.takes(account, region, operation, now)
        self.counts.note(operation, region, now, is_throttled=not is_taken)
        if not is_taken:
            return wire.refusal(Refused("TooManyRequestsException", "Rate exceeded", 429), "canned")
        self._gate.region(account, region)[0].settle_seconds = self._settle_seconds(operation)
        return self._gate.answer(request, account, region)

    def _settle_seconds(self, operation: str) -> float:
        """It is functions that AWS may take a minute with: interfaces of a VPC, snapshots."""
        settings = self.settings
        is_mapping = operation.endswith("EventSourceMapping")
        return min(settings.settle_seconds, LONGEST_OF_MAPPING) if is_mapping else settings.settle_seconds

    def _beside(self, api: str, request: Request, account: str, region: str) -> Response:
        xml = {"Content-Type": "text/xml"}
        if api == "sts":
            return Response(200, xml, IDENTITY.format(account).encode())
        if api == "s3":
            return stored(request)
        if api == "tagging":
            return tagging.answered(
                self._gate, request, account, region, lambda _: Response(200, {}, b"{}")
            ) or Response(404, xml, b"")
        if rpc.operation(request) in BESIDE.get(api, ()):
            return self._gate.answer_beside(api, request, account, region)
        return Response(403, xml, DENIED.encode())

    def _controlled(self, request: Request) -> Response:
        """The bench's own requests: `counts`, `forget` them, and `begin` with settings as JSON."""
        if request.path == f"{CONTROL}begin":
            self.begin(Settings(**json.loads(request.body or b"{}")))
        if request.path == f"{CONTROL}forget":
            self.counts = Counts()
        document = self.counts.document()
        return Response(200, {"Content-Type": "application/json"}, json.dumps(document).encode())


def stored(request: Request) -> Response:
    """HeadObject and GetObject; every object is there, with its SHA-256. Nothing is kept."""
    content = packed(request.path.rpartition("/")[2])
    digest = hashlib.sha256(content)
    headers = {
        "Content-Type": "binary/octet-stream",
        "ETag": f'"{digest.hexdigest()[:32]}"',
        "Last-Modified": "Mon, 30 Nov 2026 09:00:00 GMT",
        "x-amz-checksum-sha256": base64.b64encode(digest.digest()).decode(),
        "x-amz-checksum-type": "FULL_OBJECT",
    }
    if request.method not in ("GET", "HEAD"):
        return Response(501, {}, b"")
    return Response(200, headers, content)
