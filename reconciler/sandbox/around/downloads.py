"""What Lambda lets be downloaded: the code of functions and layers, at addresses that need no credentials, as presigned ones do.

Bytes and a name go in, an address comes out; a request for it is answered with the bytes. Without a server, within a
process, addresses have AWS's form and lead nowhere.
"""

from __future__ import annotations

import hashlib

from reconciler.sandbox.http.wire import Request, Response

OPENING = "/awslambda-"


class Downloads:
    """Safe to share between threads."""

    def __init__(self, endpoint_url: str | None) -> None:
        self._endpoint_url = endpoint_url
        self._held: dict[str, bytes] = {}

    def address(self, account: str, region: str, name: str, content: bytes) -> str:
        place, digest = f"awslambda-{region}-tasks", hashlib.sha256(content).hexdigest()[:32]
        path = f"/snapshots/{account}/{name}-{digest}"
        if not self._endpoint_url:
            return f"https://{place}.s3.{region}.amazonaws.com{path}?X-Amz-Signature=sandbox"
        self._held[f"/{place}{path}"] = content
        return f"{self._endpoint_url}/{place}{path}?X-Amz-Signature=sandbox"

    def answer(self, request: Request) -> Response | None:
        """The bytes of an address; None when it is none of ours."""
        content = self._held.get(request.path)
        if content is None:
            return None
        return Response(200, {"Content-Type": "application/zip"}, content if request.method == "GET" else b"")
