"""IAM's simulator in the sandbox says what calls meet: everything is allowed but what a script always denies."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.inside import install
from tests.conftest import ACCOUNT, REGION, House

ASKED: dict[str, Any] = {
    "PolicySourceArn": "arn:aws:iam::123456789012:user/ada",
    "ActionNames": ["lambda:UpdateAlias", "lambda:GetAlias", "s3:GetObject"],
    "ResourceArns": ["arn:a", "arn:<b>&"],
}


def decisions(client: Any) -> list[tuple[str, str, str]]:
    answer = client.simulate_principal_policy(**ASKED)
    assert answer["IsTruncated"] is False
    return [(it["EvalActionName"], it["EvalResourceName"], it["EvalDecision"]) for it in answer["EvaluationResults"]]


def by_http(house: House) -> Any:
    return boto3.Session().client("iam", region_name=REGION, endpoint_url=house.sandbox.endpoint_url)


@pytest.mark.parametrize("denied", [False, True], ids=["nothing", "an operation"])
def test_what_a_script_always_denies_is_denied(house: House, denied: bool) -> None:
    fault = Fault("UpdateAlias", code="AccessDeniedException", nth=0 if denied else 1)
    house.sandbox.gate.script = Script([fault, Fault("GetAlias", status=503)])
    found = decisions(by_http(house))
    assert found[:2] == [
        ("lambda:UpdateAlias", resource, "implicitDeny" if denied else "allowed") for resource in ASKED["ResourceArns"]
    ]
    assert {decision for _, _, decision in found[2:]} == {"allowed"}
    assert len(found) == 6


def test_everything_else_of_iam_is_motos(house: House) -> None:
    assert by_http(house).list_users()["Users"] == []
    assert house.sandbox.clients.get("iam", ACCOUNT, REGION).list_users()["Users"] == []


def test_within_a_process_it_answers_as_well() -> None:
    with mock_aws():
        client = boto3.Session("a", "b").client("iam", region_name=REGION)
        install(client)
        assert {decision for _, _, decision in decisions(client)} == {"allowed"}
        assert client.list_users()["Users"] == []
