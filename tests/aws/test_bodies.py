"""Files in params of calls: AWS gets the same bytes as if botocore had had them, and nobody holds them."""

from __future__ import annotations

import base64
import io
import os
import tracemalloc
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from reconciler.aws import bodies
from reconciler.aws.sessions import core_session

CALLS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "CreateFunction": lambda file: {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r", "Code": {"ZipFile": file}, "Description": "é"},
    "UpdateFunctionCode": lambda file: {"FunctionName": "f", "ZipFile": file},
    "PublishLayerVersion": lambda file: {"LayerName": "l", "Content": {"ZipFile": file}, "Description": "ZipFile"},
}  # fmt: skip


def answered(request: Any, status: int) -> AWSResponse:
    raw: Any = io.BytesIO(b"{}")
    raw.stream = lambda *_, **__: iter([b"{}"])
    return AWSResponse(request.url, status, HTTPHeaders(), raw)


class Wire:
    """A client whose requests are kept, and answered as they are told to be."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.sent = list(statuses), list[tuple[bytes, str, str]]()
        session = boto3.Session("AKIA", "secret", region_name="us-west-2", botocore_session=core_session())
        config = Config(retries={"mode": "standard", "total_max_attempts": 3})
        self.client = session.client("lambda", endpoint_url="http://nowhere.invalid", config=config)
        self.client.meta.events.register("before-send.lambda", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        body = request.body if isinstance(request.body, bytes) else b"".join(iter(lambda: request.body.read(1000), b""))
        length = request.headers["Content-Length"]
        authorization = request.headers["Authorization"]
        self.sent.append((body, length if isinstance(length, str) else length.decode(), str(authorization)))
        return answered(request, self.statuses.pop(0))

    def call(self, operation: str, content: Any) -> None:
        name = {"CreateFunction": "create_function", "UpdateFunctionCode": "update_function_code"}
        getattr(self.client, name.get(operation, "publish_layer_version"))(**CALLS[operation](content))


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("size", [0, 1, 2, 3, 5000, 3_000_001])
def test_a_file_is_sent_as_its_bytes_would_be(operation: str, size: int) -> None:
    content = os.urandom(size)
    wire = Wire(200, 200)
    wire.call(operation, content)
    wire.call(operation, io.BytesIO(content))
    (expected, length, _), (body, told, _) = wire.sent
    assert body == expected
    assert told == length == str(len(body))


def test_a_request_that_is_sent_again_is_sent_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    wire = Wire(500, 200)
    wire.call("UpdateFunctionCode", io.BytesIO(os.urandom(100_000)))
    first, second = wire.sent
    assert first[:2] == second[:2]


def test_params_stay_as_they_were() -> None:
    wire, params = Wire(200), CALLS["CreateFunction"](io.BytesIO(b"code"))
    before = {**params, "Code": {**params["Code"]}}
    wire.client.create_function(**params)
    assert params == before


@given(
    st.binary(max_size=9), st.binary(max_size=40), st.binary(max_size=9),
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 30)), max_size=6),
)  # fmt: skip
def test_any_part_of_a_body_is_read_from_anywhere(
    before: bytes, content: bytes, after: bytes, reads: list[tuple[int, int]]
) -> None:
    body = bodies.Body(before, io.BytesIO(content), after)
    whole = io.BufferedReader(body).read()
    assert whole[len(before) : len(whole) - len(after)] == base64.b64encode(content)
    assert body.seek(0, os.SEEK_END) == len(whole)
    for start, most in reads:
        body.seek(start)
        text = body.read(most)
        assert whole[start : start + most].startswith(text)
        assert bool(text) == (start < len(whole))


def test_what_is_sent_is_never_whole_in_memory(tmp_path: Any) -> None:
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        file.truncate(30 << 20)
    wire = Wire(200)
    handlers = wire.client.meta.events
    handlers.unregister("before-send.lambda", wire._answer)

    def answer(request: Any, **_: Any) -> AWSResponse:
        while request.body.read(1 << 16):
            pass
        return answered(request, 200)

    handlers.register("before-send.lambda", answer)
    tracemalloc.start()
    with path.open("rb") as file:
        wire.call("UpdateFunctionCode", file)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 12 << 20
