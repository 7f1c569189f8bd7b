"""FACTS 1: every call takes a name, a partial ARN and a full ARN, and takes its qualifier from there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import ACCOUNT, QUEUE, REGION, Aws, zipped

PARTIAL, FULL = f"{ACCOUNT}:function:", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
GRANT = {"StatementId": "one", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
MOVED = {"Name": "moved", "FunctionVersion": "1"}

CALLS: dict[str, dict[str, Any]] = {
    "add_permission": GRANT,
    "create_alias": {"Name": "made", "FunctionVersion": "1"},
    "create_event_source_mapping": {"EventSourceArn": QUEUE},
    "create_function_url_config": {"AuthType": "NONE"},
    "delete_alias": {"Name": "moved"},
    "delete_function": {},
    "delete_function_concurrency": {},
    "get_alias": {"Name": "moved"},
    "get_function": {},
    "get_function_concurrency": {},
    "get_function_configuration": {},
    "get_policy": {},
    "list_aliases": {},
    "list_event_source_mappings": {},
    "list_function_url_configs": {},
    "list_versions_by_function": {},
    "publish_version": {},
    "put_function_concurrency": {"ReservedConcurrentExecutions": 1},
    "remove_permission": {"StatementId": "held"},
    "update_alias": {"Name": "moved"},
    "update_function_code": {"ZipFile": zipped()},
    "update_function_configuration": {"Timeout": 9},
}


@pytest.fixture
def name(aws: Aws) -> str:
    """A function with a version, an alias and a policy."""
    name = aws.published()
    aws.client.create_alias(FunctionName=name, **MOVED)
    aws.client.add_permission(FunctionName=name, **{**GRANT, "StatementId": "held"})
    return name


@pytest.mark.parametrize("form", [PARTIAL, FULL], ids=["partial ARN", "ARN"])
@pytest.mark.parametrize(("call", "params"), CALLS.items(), ids=CALLS)
def test_a_call_takes(aws: Aws, name: str, call: str, params: dict[str, Any], form: str) -> None:
    getattr(aws.client, call)(FunctionName=form + name, **params)
    aws.settle()


@pytest.mark.parametrize(
    "form",
    [f"{REGION}:{ACCOUNT}:function:", f"{REGION}:", f"{ACCOUNT}:", "function:", f"arn:aws:lambda:{ACCOUNT}:function:"],
)
def test_parts_of_an_arn_may_be_left_out(aws: Aws, name: str, form: str) -> None:
    assert aws.get(form + name)["FunctionName"] == name


@pytest.mark.parametrize("form", ["", PARTIAL, FULL], ids=["name", "partial ARN", "ARN"])
@pytest.mark.parametrize("call", ["get_policy", "add_permission", "get_function", "get_function_configuration"])
def test_a_qualifier_within_is_that_of_the_call(aws: Aws, name: str, call: str, form: str) -> None:
    aws.client.add_permission(FunctionName=name, Qualifier="1", **{**GRANT, "StatementId": "of-the-version"})
    params = GRANT if call == "add_permission" else {}
    answer = getattr(aws.client, call)(FunctionName=f"{form}{name}:1", **params)
    answer.pop("ResponseMetadata")
    assert f"function:{name}:1" in str(answer)


def test_a_version_is_deleted_by_its_arn(aws: Aws, name: str) -> None:
    aws.configure(name, Timeout=9)
    aws.client.publish_version(FunctionName=name)
    aws.client.delete_function(FunctionName=f"{FULL}{name}:2")
    assert [one["Version"] for one in aws.client.list_versions_by_function(FunctionName=name)["Versions"]] == [
        "$LATEST",
        "1",
    ]
