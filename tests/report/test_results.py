"""AWS's answers as the seed's result objects: names, times, what is hidden, and payloads that no document could hold."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.results import camel, result_object

SENTINEL = "sentinel-5f1d9a"


def result(operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    return result_object(operation, answer, request_id="r1", status_code=200, headers={"Date": "today"})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FunctionArn", "functionArn"), ("CodeSha256", "codeSha256"), ("VpcConfig", "vpcConfig"), ("UUID", "uuid"),
        ("KMSKeyArn", "kmsKeyArn"), ("S3Bucket", "s3Bucket"), ("State", "state"), ("IPv6", "iPv6"), ("already", "already"), ("", ""),
    ],
)  # fmt: skip
def test_a_member_is_named_in_lower_camel_case(name: str, expected: str) -> None:
    assert camel(name) == expected


def test_the_sdks_metadata_stand_beside_the_answer() -> None:
    assert result("CreateAlias", {"Name": "live"}) == {
        "name": "live",
        "sdkHttpMetadata": {"httpHeaders": {"Date": "today"}, "httpStatusCode": 200},
        "sdkResponseMetadata": {"requestId": "r1"},
    }


def test_keys_of_maps_stay_as_the_user_wrote_them() -> None:
    found = result("UpdateAlias", {"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.25}}})
    assert found["routingConfig"] == {"additionalVersionWeights": {"2": 0.25}}
    found = result("CreateFunction", {"Environment": {"Variables": {"MY_Token": SENTINEL}}})
    assert found["environment"] == {"variables": {"MY_Token": "(sensitive)"}}


def test_a_time_is_in_milliseconds_as_the_seeds() -> None:
    moment = datetime(2018, 9, 19, 21, 30, 52, 24000, tzinfo=UTC)
    assert result("CreateEventSourceMapping", {"LastModified": moment})["lastModified"] == 1537392652024


def test_the_address_of_the_code_is_dropped() -> None:
    assert "location" not in result("CreateFunction", {"Location": f"https://s3/{SENTINEL}"})


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param(b'{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}, id="JSON"),
        pytest.param(b"", None, id="empty"),
        pytest.param(b"plain", "plain", id="text"),
        pytest.param(b"\xff", "\ufffd", id="no UTF-8"),
        pytest.param(b"[NaN]", "[NaN]", id="not a number"),
        pytest.param(b"1e999", "1e999", id="infinity"),
        pytest.param(b'["\\ud800"]', '["\\ud800"]', id="half a surrogate pair"),
        pytest.param(b'{"\\ud800": 1}', '{"\\ud800": 1}', id="half a surrogate pair as a key"),
        pytest.param(b"[" * 150 + b"]" * 150, "[" * 150 + "]" * 150, id="nested deeply"),
        pytest.param(b"[" * 200_000, "[" * 200_000, id="nested without end"),
        pytest.param(b"1" * 5000, "1" * 5000, id="a number too long"),
    ],
)
def test_a_payload_is_decoded_where_a_document_can_hold_it_and_text_where_not(payload: bytes, expected: Any) -> None:
    found = result("Invoke", {"StatusCode": 200, "Payload": payload})
    assert found["payload"] == expected
    json.dumps(found, ensure_ascii=False, allow_nan=False, indent=2).encode()


@given(st.binary(max_size=60))
def test_any_payload_makes_a_valid_document(payload: bytes) -> None:
    found = result("Invoke", {"Payload": payload})
    assert json.loads(json.dumps(found, ensure_ascii=False, allow_nan=False).encode()) == found


def test_the_log_tail_is_decoded() -> None:
    tail = base64.b64encode(b"START RequestId: 1\n").decode()
    assert result("Invoke", {"LogResult": tail})["logResult"] == "START RequestId: 1\n"
