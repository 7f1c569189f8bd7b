"""Function URLs of the sandbox, by real boto3: what AWS answers, leaves out, and refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import Aws

CORS = {"AllowOrigins": ["https://Shop.example"], "AllowHeaders": ["Content-Type", "X-Key"], "ExposeHeaders": ["ETag"]}


def refused(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**params)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.fixture
def name(aws: Aws) -> str:
    name = aws.published()
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return name


def test_answers_of_changes_leave_out_what_reading_tells(aws: Aws, name: str) -> None:
    made = aws.client.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode="RESPONSE_STREAM")
    assert {"InvokeMode", "LastModifiedTime", "Cors"} & set(made) == set()
    changed = aws.client.update_function_url_config(FunctionName=name, AuthType="AWS_IAM")
    assert "InvokeMode" not in changed
    read = aws.client.get_function_url_config(FunctionName=name)
    assert (read["AuthType"], read["InvokeMode"]) == ("AWS_IAM", "RESPONSE_STREAM")
    assert read["FunctionUrl"] == made["FunctionUrl"]
    assert read["FunctionUrl"].endswith("/")


def test_names_of_headers_come_back_in_lower_case_and_cors_is_replaced_whole(aws: Aws, name: str) -> None:
    aws.client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE", Cors=CORS)
    (read,) = aws.client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    assert read["FunctionArn"].endswith(f":{name}:live")
    assert read["Cors"] == CORS | {"AllowHeaders": ["content-type", "x-key"], "ExposeHeaders": ["etag"]}
    aws.client.update_function_url_config(FunctionName=name, Qualifier="live", Cors={"MaxAge": 5})
    assert aws.client.get_function_url_config(FunctionName=name, Qualifier="live")["Cors"] == {"MaxAge": 5}
    aws.client.update_function_url_config(FunctionName=name, Qualifier="live", Cors={})
    assert "Cors" not in aws.client.get_function_url_config(FunctionName=name, Qualifier="live")


@pytest.mark.parametrize("which", [{"FunctionName": "missing"}, {"Qualifier": "missing"}], ids=["function", "alias"])
def test_what_is_not_there_is_told_as_lambda_tells_it(aws: Aws, name: str, which: dict[str, str]) -> None:
    client, params = aws.client, {"FunctionName": name} | which
    gone, nothing = "Function does not exist", "The resource you requested does not exist."
    assert refused(client.create_function_url_config, AuthType="NONE", **params)[1] == gone
    assert refused(client.update_function_url_config, AuthType="NONE", **params)[1] == gone
    assert refused(client.get_function_url_config, **params) == ("ResourceNotFoundException", nothing)
    assert refused(client.delete_function_url_config, **params) == ("ResourceNotFoundException", nothing)


@pytest.mark.parametrize("qualifier", ["1", "$LATEST"])
def test_a_number_and_latest_are_no_qualifiers_of_a_url(aws: Aws, name: str, qualifier: str) -> None:
    code, message = refused(
        aws.client.create_function_url_config, FunctionName=name, Qualifier=qualifier, AuthType="NONE"
    )
    assert (code, r"((?!^\d+$)^[0-9a-zA-Z-_]+$)" in message) == ("ValidationException", True)


def test_one_is_there_once_and_goes_alone(aws: Aws, name: str) -> None:
    for qualifier in ({}, {"Qualifier": "live"}):
        aws.client.create_function_url_config(FunctionName=name, AuthType="NONE", **qualifier)
    code, message = refused(aws.client.create_function_url_config, FunctionName=name, AuthType="NONE")
    assert (code, "FunctionUrlConfig exists for this Lambda function" in message) == ("ResourceConflictException", True)
    aws.client.delete_function_url_config(FunctionName=name)
    (left,) = aws.client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    assert left["FunctionArn"].endswith(":live")
