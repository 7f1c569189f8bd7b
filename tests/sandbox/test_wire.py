"""HTTP to operations and back, by the service model alone; names in every form; the model's own refusals."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from botocore.model import StructureShape
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import service
from reconciler.sandbox.gate import OPERATIONS
from reconciler.sandbox.http import wire
from reconciler.sandbox.refusals import Refused
from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused


def sent(operation: str, params: dict[str, Any]) -> wire.Request:
    """What botocore would send."""
    model = service.model().operation_model(operation)
    made = create_serializer("rest-json", include_validation=False).serialize_to_request(params, model)
    request = AWSRequest(
        method=made["method"], url=f"http://x{made['url_path']}", params=made["query_string"], data=made["body"],
        headers=made["headers"],
    ).prepare()  # fmt: skip
    parts = urlsplit(request.url)
    content: Any = request.body or b""
    body = content.encode() if isinstance(content, str) else bytes(content)
    given: dict[str, Any] = dict(request.headers.items())
    headers = {name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in given.items()}
    return wire.Request(request.method, parts.path, parts.query, headers, body)


def round_trip(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    request = sent(operation, params)
    found = wire.routed(request.method, request.path, request.query)
    assert found
    assert found[0] == operation
    return wire.parsed(request, *found)


TRIPS: dict[str, tuple[str, dict[str, Any]]] = {
    "a blob": ("UpdateFunctionCode", {"FunctionName": "a", "ZipFile": b"\x00\xff", "DryRun": True}),
    "a name that is an ARN": ("GetFunction", {"FunctionName": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:a:$LATEST"}),
    "a qualifier": ("GetFunction", {"FunctionName": "a", "Qualifier": "$LATEST"}),
    "numbers in the query": ("ListFunctions", {"MaxItems": 5, "Marker": "a+/=", "FunctionVersion": "ALL"}),
    "a list in the query": ("UntagResource", {"Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:a", "TagKeys": ["a b", "c&d"]}),
    "a payload and headers": ("Invoke", {"FunctionName": "a", "Payload": b'{"a": 1}', "LogType": "Tail", "InvocationType": "Event"}),
    "weights": ("UpdateAlias", {"FunctionName": "a", "Name": "live", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.1}}}),
    "an empty map": ("UpdateAlias", {"FunctionName": "a", "Name": "live", "RoutingConfig": {"AdditionalVersionWeights": {}}}),
    "letters of all kinds": ("TagResource", {"Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:a", "Tags": {"ключ": "värde 🙂"}}),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "params"), TRIPS.values(), ids=TRIPS)
def test_what_botocore_sends_is_read_as_it_was_meant(operation: str, params: dict[str, Any]) -> None:
    assert round_trip(operation, params) == params


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    description=TEXT, variables=st.dictionaries(TEXT, TEXT, max_size=4), timeout=st.integers(1, 900), code=st.binary()
)
def test_any_creation_survives_the_wire(description: str, variables: dict[str, str], timeout: int, code: bytes) -> None:
    params = {
        "FunctionName": "a", "Description": description, "Environment": {"Variables": variables}, "Timeout": timeout,
        "Code": {"ZipFile": code},
    }  # fmt: skip
    assert round_trip("CreateFunction", params) == params


@pytest.mark.parametrize("operation", sorted(service.model().operation_names))
def test_every_operation_of_the_model_is_found_by_its_path(operation: str) -> None:
    model = service.model().operation_model(operation)
    path, _, query = model.http["requestUri"].partition("?")
    assert isinstance(model.input_shape, StructureShape)
    for name in model.input_shape.members:
        path = path.replace(f"{{{name}}}", "some-word")
    found = wire.routed(model.http["method"], path, query)
    assert found
    assert found[0] == operation


def test_only_operations_of_the_model_are_spoken() -> None:
    assert set(OPERATIONS) <= set(service.model().operation_names)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "Could not parse request body into json"),
        (b"[]", "must be a JSON object"),
        (b'{"Timeout": "3"}', "STRING_VALUE can not be converted to an Integer"),
        (b'{"Environment": {"Variables": {"AA": 1}}}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"Layers": {}}', "Start of structure or map found where not expected."),
        (b'{"Code": {"ZipFile": "?"}}', "not valid base64"),
    ],
)
def test_a_body_that_does_not_fit_is_not_read(body: bytes, message: str) -> None:
    request = wire.Request("POST", "/2015-03-31/functions", "", {}, body)
    with pytest.raises(Refused, match=message) as caught:
        wire.parsed(request, "CreateFunction", {})
    assert caught.value.code == "SerializationException"


# --- names ---------------------------------------------------------------------------------------------------------


def forms(name: str) -> list[str]:
    return [
        name, f"{ACCOUNT}:function:{name}", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}", f"function:{name}",
    ]  # fmt: skip


@pytest.mark.parametrize("form", range(4), ids=["name", "partial ARN", "ARN", "function:name"])
def test_a_function_is_known_by(aws: Aws, form: int) -> None:
    name = aws.published()
    text = forms(name)[form]
    assert aws.get(text)["FunctionArn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert aws.get(f"{text}:1")["Version"] == "1"
    assert aws.get(text, Qualifier="1")["Version"] == "1"
    aws.configure(text, Timeout=11)
    assert aws.get(name)["Timeout"] == 11


def test_two_qualifiers_must_agree(aws: Aws) -> None:
    name = aws.published()
    assert aws.get(f"{name}:1", Qualifier="1")
    message = "The derived qualifier from the function name does not match the specified qualifier."
    with refused("InvalidParameterValueException", message):
        aws.get(f"{name}:1", Qualifier="$LATEST")


def test_arns_say_how_they_were_asked_for(aws: Aws) -> None:
    name = aws.published()
    base = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert aws.get(name)["FunctionArn"] == base
    assert aws.get(name, Qualifier="$LATEST")["FunctionArn"] == f"{base}:$LATEST"
    assert aws.get(name, Qualifier="1")["FunctionArn"] == f"{base}:1"


def test_a_function_of_another_region_is_out_of_reach(aws: Aws) -> None:
    with refused("ResourceNotFoundException", "are not reachable in this region", 404):
        aws.get(f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:a")


def test_a_function_of_another_account_is_denied(aws: Aws) -> None:
    with pytest.raises(ClientError) as caught:
        aws.get(f"arn:aws:lambda:{REGION}:210987654321:function:a")
    assert caught.value.response["Error"] == {"Code": "AccessDeniedException", "Message": None}


# --- what is not spoken --------------------------------------------------------------------------------------------


def test_an_operation_that_is_not_spoken_says_so_in_json(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(OPERATIONS, "ListLayers")  # as one that is younger than the sandbox
    with refused("NotImplementedException", "The sandbox does not speak ListLayers.", 501):
        aws.client.list_layers()


def asked(aws: Aws, method: str, path: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(aws.sandbox.endpoint_url).netloc)
    connection.request(
        method,
        path,
        headers={
            "Authorization": f"AWS4-HMAC-SHA256 Credential=SANDBOX{ACCOUNT}/20240101/{REGION}/lambda/aws4_request, Signature=x"
        },
    )
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_a_path_that_lambda_has_not_is_answered_in_json(aws: Aws) -> None:
    status, body = asked(aws, "GET", "/2015-03-31/nothing")
    assert status == 404
    assert "no operation of Lambda" in body["message"]


def test_a_marker_that_is_none_of_ours_is_refused(aws: Aws) -> None:
    with refused("InvalidParameterValueException", "Invalid marker"):
        aws.client.list_functions(Marker="zzz")


def test_a_mistake_of_the_sandbox_is_answered_and_not_swallowed(
    aws: Aws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OPERATIONS, "ListFunctions", lambda *_: 1 / 0)
    with refused("ServiceException", "the sandbox itself failed: ZeroDivisionError", 500):
        aws.client.list_functions()
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert aws.sandbox.requests[-1].code == "SandboxFailed"
