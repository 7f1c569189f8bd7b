"""The server: its environment, accounts, what it leaves, and the moto that it stands on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import boto3
import moto
import pytest
from botocore.config import Config

from reconciler.sandbox import Sandbox
from reconciler.sandbox.around import moto_adapter
from tests.sandbox.conftest import ACCOUNT, REGION, Aws

OTHER = "210987654321"


def test_moto_is_of_the_minor_that_the_sandbox_was_built_on() -> None:
    assert moto.__version__.startswith("5.2."), "moto has changed: check moto_adapter.py against it, then raise MINOR"
    moto_adapter.check_version()


def test_another_moto_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto, "__version__", "6.0.0")
    with pytest.raises(RuntimeError, match=r"needs moto 5\.2\.x and found 6\.0\.0"):
        Sandbox()


def test_only_the_adapter_imports_moto() -> None:
    sources = Path(moto_adapter.__file__).parent.glob("*.py")
    users = [path.name for path in sources if "import moto\n" in path.read_text() or "from moto" in path.read_text()]
    assert users == ["moto_adapter.py"]


def test_it_leaves_no_thread_no_folder_and_no_server(aws: Aws) -> None:
    before = set(threading.enumerate())
    with Sandbox() as sandbox:
        folder = Path(sandbox.environment()["AWS_CONFIG_FILE"]).parent
        client = boto3.client(
            "lambda", region_name=REGION, endpoint_url=sandbox.endpoint_url, aws_access_key_id="SANDBOX1",
            aws_secret_access_key="x", config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
        )  # fmt: skip
        client.list_functions()  # its connection stays open
        assert folder.exists()
    assert set(threading.enumerate()) <= before
    assert not folder.exists()
    with pytest.raises(Exception, match="Could not connect"):
        client.list_functions()
    client.close()
    sandbox.stop()  # a second time is harmless


def test_two_sandboxes_do_not_empty_each_others_services(aws: Aws) -> None:
    with Sandbox():
        pass
    assert aws.sandbox.clients.get("iam", ACCOUNT, REGION).get_role(RoleName="lambda")


PROGRAM = """
import json, boto3
print(json.dumps([boto3.client("sts").get_caller_identity()["Account"], boto3.client("lambda").meta.endpoint_url,
    boto3.client("lambda").list_functions()["Functions"], boto3.Session(profile_name="else").client("sts").get_caller_identity()["Account"]]))
"""


def test_its_environment_leads_any_client_here_whatever_the_user_has_set(tmp_path: Path) -> None:
    users = {
        "AWS_PROFILE": "production", "AWS_DEFAULT_PROFILE": "production", "AWS_SESSION_TOKEN": "theirs",
        "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }  # fmt: skip
    with Sandbox(account_id="111122223333", profiles={"else": OTHER}) as sandbox:
        environment = {**os.environ, **users, **sandbox.environment("eu-west-1")}
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
        )
        assert json.loads(ran.stdout) == ["111122223333", sandbox.endpoint_url, [], OTHER]
        assert [(one.account, one.region) for one in sandbox.requests] == [("111122223333", "eu-west-1")]


def client_of(aws: Aws, api: Any, **credentials: Any) -> Any:
    return boto3.client(api, region_name=REGION, endpoint_url=aws.sandbox.endpoint_url, **credentials)


def test_an_assumed_role_is_of_its_account_everywhere(aws: Aws) -> None:
    sts = aws.sandbox.clients.get("sts", ACCOUNT, REGION)
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/deploy", RoleSessionName="deploy")["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }  # fmt: skip
    assert client_of(aws, "sts", **keys).get_caller_identity()["Account"] == OTHER
    client_of(aws, "lambda", **keys).list_functions()
    assert aws.sandbox.requests[-1].account == OTHER


def test_services_other_than_lambda_are_motos(aws: Aws) -> None:
    ssm = aws.sandbox.clients.get("ssm", ACCOUNT, REGION)
    ssm.put_parameter(Name="/a", Value="b", Type="String")
    assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "b"


def test_a_body_of_s3_passes_unharmed(aws: Aws) -> None:
    s3 = aws.sandbox.clients.get("s3", ACCOUNT, REGION)
    content = bytes(range(256)) * 1000
    s3.put_object(Bucket="artifacts", Key="a/b c+d.bin", Body=content)
    assert s3.get_object(Bucket="artifacts", Key="a/b c+d.bin")["Body"].read() == content
