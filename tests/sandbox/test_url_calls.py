"""FACTS 5.1: a function URL is called at the sandbox's own address: who may, what the function sees, what the caller gets."""

from __future__ import annotations

import base64
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from reconciler.sandbox.around.world import access_key
from reconciler.sandbox.lambda_.authority import ANYBODY, is_allowed
from tests.sandbox.conftest import ACCOUNT, REGION, Aws, zipped

OTHER = "210987654321"
SOURCE = """
import json

def handle(event, context):
    if event["rawPath"] == "/fail":
        raise ValueError("no")
    if event["rawPath"] == "/own":
        return json.loads(event["body"])
    if event["rawPath"] == "/text":
        return "plain"
    return event
"""
GRANTS: tuple[dict[str, Any], ...] = (
    {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
)


class Page:
    """A function behind a URL."""

    def __init__(self, aws: Aws, auth: str = "NONE", *, is_open: bool = True, **members: Any) -> None:
        self.aws, self.name = aws, aws.function(Code={"ZipFile": zipped(SOURCE)})
        made = aws.client.create_function_url_config(FunctionName=self.name, AuthType=auth, **members)
        self.host = urlsplit(made["FunctionUrl"]).netloc
        for number, grant in enumerate(GRANTS if is_open else ()):
            aws.client.add_permission(FunctionName=self.name, StatementId=f"s{number}", Principal="*", **grant)

    def ask(
        self, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.aws.sandbox.endpoint_url).netloc)
        plain = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Host": self.host, **plain})
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read()
        connection.close()
        return found

    def event(self, *args: Any, **headers: Any) -> dict[str, Any]:
        status, _, body = self.ask(*args, **headers)
        assert status == 200, body
        return dict(json.loads(body))

    def signed(self, account: str, service: str = "lambda") -> dict[str, Any]:
        request = AWSRequest("GET", f"http://{self.host}/", headers={"Host": self.host})
        SigV4Auth(Credentials(access_key(account), "x"), service, REGION).add_auth(request)
        return {name: value for name, value in request.headers.items() if name != "Host"}


# --- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [(), (0,), (1,)], ids=["nothing", "only the URL", "only the function"])
def test_anybody_may_call_only_what_two_grants_open(aws: Aws, kept: tuple[int, ...]) -> None:
    page = Page(aws)
    assert page.ask()[0] == 200
    for number in {0, 1} - {*kept}:
        aws.client.remove_permission(FunctionName=page.name, StatementId=f"s{number}")
    status, headers, body = page.ask()
    assert (status, headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert json.loads(body)["Message"].startswith("Forbidden.")


def test_a_denial_wins(aws: Aws) -> None:
    page = Page(aws)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{page.name}"
    policy = json.loads(aws.client.get_policy(FunctionName=page.name)["Policy"])
    policy["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "lambda:*", "Resource": arn})
    aws.client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    assert page.ask()[0] == 403


def test_credentials_are_needed_where_iam_is_asked(aws: Aws) -> None:
    page = Page(aws, "AWS_IAM", is_open=False)
    assert page.ask()[0] == 403
    assert page.event("/", **page.signed(ACCOUNT))["requestContext"]["accountId"] == ACCOUNT
    assert page.ask("/", **page.signed(ACCOUNT, "s3"))[0] == 403


def test_another_account_needs_both_grants(aws: Aws) -> None:
    page = Page(aws, "AWS_IAM", is_open=False)
    assert page.ask("/", **page.signed(OTHER))[0] == 403
    for number, action in enumerate(("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")):
        assert page.ask("/", **page.signed(OTHER))[0] == 403
        aws.client.add_permission(FunctionName=page.name, StatementId=f"s{number}", Principal=OTHER, Action=action)
    assert page.event("/", **page.signed(OTHER))["requestContext"]["accountId"] == OTHER


def test_an_address_that_is_gone_is_forbidden_and_never_comes_back(aws: Aws) -> None:
    page = Page(aws)
    aws.client.delete_function_url_config(FunctionName=page.name)
    assert page.ask()[0] == 403
    made = aws.client.create_function_url_config(FunctionName=page.name, AuthType="NONE")
    assert urlsplit(made["FunctionUrl"]).netloc != page.host


# --- what the function sees ----------------------------------------------------------------------------------------


def test_the_event_tells_the_request(aws: Aws) -> None:
    page = Page(aws)
    event = page.event(
        "/a/b?x=1&x=2&y=", "POST", b'{"k": 1}', Content_Type="application/json", Cookie="a=1; b=2", X_Mine="yes"
    )
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/a/b", "x=1&x=2&y=")
    assert (event["queryStringParameters"], event["cookies"]) == ({"x": "1,2", "y": ""}, ["a=1", "b=2"])
    assert (event["body"], event["isBase64Encoded"], event["headers"]["x-mine"]) == ('{"k": 1}', False, "yes")
    context = event["requestContext"]
    assert (context["http"]["method"], context["domainName"], context["accountId"]) == ("POST", page.host, "anonymous")
    assert context["domainPrefix"] == context["apiId"] == page.host.partition(".")[0]


def test_bytes_are_sent_in_base64(aws: Aws) -> None:
    event = Page(aws).event("/", "POST", b"\x00\xff", Content_Type="image/png")
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"\x00\xff", True)


def test_an_alias_runs_its_version(aws: Aws) -> None:
    page = Page(aws, is_open=False)
    aws.client.publish_version(FunctionName=page.name)
    aws.client.create_alias(FunctionName=page.name, Name="live", FunctionVersion="1")
    aws.configure(page.name, Handler="app.nothing")
    made = aws.client.create_function_url_config(FunctionName=page.name, Qualifier="live", AuthType="AWS_IAM")
    page.host = urlsplit(made["FunctionUrl"]).netloc
    assert page.ask("/", **page.signed(ACCOUNT))[0] == 200


# --- what the caller gets ------------------------------------------------------------------------------------------


def test_a_function_answers_with_a_status_headers_and_cookies_of_its_own(aws: Aws) -> None:
    own = {"statusCode": 201, "headers": {"X-Made": 1}, "cookies": ["a=1", "b=2"], "body": "made"}
    status, headers, body = Page(aws).ask("/own", "POST", json.dumps(own).encode(), Content_Type="application/json")
    assert (status, headers["X-Made"], headers.get_all("Set-Cookie"), body) == (201, "1", ["a=1", "b=2"], b"made")


def test_a_function_answers_with_bytes(aws: Aws) -> None:
    own = {"statusCode": 200, "body": base64.b64encode(b"\x00\xff").decode(), "isBase64Encoded": True}
    assert Page(aws).ask("/own", "POST", json.dumps(own).encode(), Content_Type="text/plain")[2] == b"\x00\xff"


def test_whatever_else_it_gives_back_is_json(aws: Aws) -> None:
    status, headers, body = Page(aws).ask("/text")
    assert (status, headers["Content-Type"], body) == (200, "application/json", b"plain")


@pytest.mark.parametrize("own", [{"statusCode": "x"}, {"statusCode": 9000}, {"statusCode": 200, "headers": 1}])
def test_what_is_no_answer_is_a_bad_gateway(aws: Aws, own: dict[str, Any]) -> None:
    page = Page(aws)
    asked = page.ask("/own", "POST", json.dumps(own).encode(), Content_Type="application/json")
    assert (asked[0], json.loads(asked[2])) == (502, {"Message": "Internal Server Error"})
    assert page.ask("/fail")[0] == 502


def test_a_stopped_function_answers_that_there_are_too_many(aws: Aws) -> None:
    page = Page(aws)
    aws.client.put_function_concurrency(FunctionName=page.name, ReservedConcurrentExecutions=0)
    assert page.ask()[0] == 429


def test_a_runtime_that_the_sandbox_cannot_run_is_told(aws: Aws) -> None:
    page = Page(aws)
    aws.configure(page.name, Runtime="nodejs22.x")
    status, _, body = page.ask()
    assert (status, "the sandbox runs Python functions" in json.loads(body)["Message"]) == (501, True)


def test_a_client_may_take_the_sandbox_for_a_proxy(aws: Aws) -> None:
    page = Page(aws)
    assert page.event(f"http://{page.host}/a?b=1")["rawPath"] == "/a"


def test_a_call_is_on_record(aws: Aws) -> None:
    page = Page(aws)
    page.ask()
    last = aws.sandbox.requests[-1]
    assert (last.operation, last.params["FunctionName"], last.status) == ("InvokeFunctionUrl", page.name, 200)
    assert not last.is_write


# --- CORS ----------------------------------------------------------------------------------------------------------

CORS = {
    "AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET", "PUT"], "AllowHeaders": ["X-Mine"],
    "ExposeHeaders": ["X-Made"], "MaxAge": 300, "AllowCredentials": True,
}  # fmt: skip


def test_a_browser_that_asks_first_is_told_what_is_allowed(aws: Aws) -> None:
    page = Page(aws, is_open=False, Cors=CORS)
    status, headers, body = page.ask("/", "OPTIONS", Origin="https://shop.example", Access_Control_Request_Method="PUT")
    told = {name: value for name, value in headers.items() if name.startswith(("Access-Control", "Vary"))}
    assert (status, body) == (200, b"")
    assert told == {
        "Access-Control-Allow-Origin": "https://shop.example", "Access-Control-Allow-Methods": "GET,PUT",
        "Access-Control-Allow-Headers": "x-mine", "Access-Control-Expose-Headers": "x-made",
        "Access-Control-Max-Age": "300", "Access-Control-Allow-Credentials": "true", "Vary": "Origin",
    }  # fmt: skip


@pytest.mark.parametrize(("origin", "method"), [("https://evil.example", "GET"), ("https://shop.example", "DELETE")])
def test_what_is_not_allowed_is_not_told(aws: Aws, origin: str, method: str) -> None:
    asked = Page(aws, Cors=CORS).ask("/", "OPTIONS", Origin=origin, Access_Control_Request_Method=method)
    assert "Access-Control-Allow-Methods" not in asked[1]


def test_an_answer_may_be_read_by_pages_of_the_origins(aws: Aws) -> None:
    page = Page(aws, Cors=CORS)
    assert page.ask("/", Origin="https://shop.example")[1]["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Access-Control-Allow-Origin" not in page.ask("/", Origin="https://evil.example")[1]


def test_without_cors_the_function_answers_itself(aws: Aws) -> None:
    event = Page(aws).event("/", "OPTIONS", Origin="https://a.example", Access_Control_Request_Method="GET")
    assert event["requestContext"]["http"]["method"] == "OPTIONS"


# --- policies ------------------------------------------------------------------------------------------------------

CONDITIONS: dict[str, tuple[dict[str, Any], bool]] = {
    "none": ({}, True),
    "a source": ({"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::up*"}}, True),
    "another source": ({"ArnLike": {"aws:sourcearn": "arn:aws:s3:::down"}}, False),
    "one of two accounts": ({"StringEquals": {"aws:SourceAccount": ["1", ACCOUNT]}}, True),
    "a key that the call has not": ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
    "the same, if it is there": ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, True),
    "not another account": ({"StringNotEquals": {"AWS:SourceAccount": "1"}}, True),
    "an operator that is not known": ({"DateLessThan": {"aws:SourceArn": "x"}}, False),
}


@pytest.mark.parametrize(("condition", "is_met"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_statement_holds_under_its_conditions(condition: dict[str, Any], is_met: bool) -> None:
    statement = {
        "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:Invoke*", "Condition": condition,
    }  # fmt: skip
    context = {"aws:SourceArn": "arn:aws:s3:::uploads", "aws:SourceAccount": ACCOUNT}
    assert is_allowed([statement], "lambda:InvokeFunction", "s3.amazonaws.com", context) is is_met
    assert not is_allowed([statement], "lambda:InvokeFunction", "sns.amazonaws.com", context)


@pytest.mark.parametrize(
    ("principal", "caller", "is_named"),
    [
        ("*", ANYBODY, True),
        ({"AWS": "*"}, ANYBODY, True),
        ({"AWS": ACCOUNT}, ANYBODY, False),
        ({"AWS": [OTHER, f"arn:aws:iam::{ACCOUNT}:root"]}, ACCOUNT, True),
        ({"AWS": f"arn:aws:iam::{OTHER}:role/a"}, ACCOUNT, False),
        ({"Service": "s3.amazonaws.com"}, ACCOUNT, False),
        (None, ACCOUNT, False),
    ],
)
def test_a_statement_is_of_whom_it_names(principal: Any, caller: str, is_named: bool) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": ["lambda:InvokeFunction"]}
    assert is_allowed([statement], "lambda:InvokeFunction", caller, {}) is is_named
    assert not is_allowed([{**statement, "Action": "lambda:Get*"}], "lambda:InvokeFunction", caller, {})
    assert is_allowed(
        [{"Effect": "Allow", "Principal": "*", "NotAction": "lambda:Get*"}], "lambda:InvokeFunction", caller, {}
    )
