"""By whose rights AWS is asked: what is wrong with the credentials is told with the account and the mend, and ends with 26;
a role is assumed where the account is, and changes nothing but the credentials."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore import handlers

from reconciler.aws.client import Answer, Aws
from reconciler.aws.sessions import assuming, core_session
from reconciler.core.accounts import Account
from reconciler.core.errors import CallFailed
from reconciler.core.place import Place
from tests.conftest import CONFIG, House, function_spec

SOURCE = "[profile keys]\naws_access_key_id = a\naws_secret_access_key = b\n"
MFA = "arn:aws:iam::123456789012:mfa/ada"
SSO = "sso_account_id = 123456789012\nsso_role_name = r\nsso_region = us-west-2\nsso_start_url = https://x.example/start\n"

# what the AWS configuration says of the profile -> what is told of it
BROKEN: dict[str, tuple[str, str]] = {
    "a profile that is not there": (SOURCE, "The config profile (ours) could not be found"),
    "half of the keys": ("[profile ours]\naws_access_key_id = a\n", "missing: aws_secret_access_key"),
    "a file that is none": ("[profile ours\n", "Unable to parse config file"),
    "a token that is not there": (
        "[profile ours]\nrole_arn = arn:aws:iam::123456789012:role/x\nweb_identity_token_file = /nowhere/token\n",
        "/nowhere/token",
    ),
    "a code nobody can be asked for": (
        f"[profile ours]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = keys\nmfa_serial = {MFA}\n{SOURCE}",
        "the profile wants an MFA code, and there is no terminal to ask on",
    ),
    "nobody to assume the role": (
        "[profile ours]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = gone\n",
        'The source_profile "gone" referenced',
    ),
    "a source that there is not": (
        "[profile ours]\nrole_arn = arn:aws:iam::123456789012:role/x\ncredential_source = Moon\n",
        "Moon",
    ),
    "a sign-in that is over": (f"[profile ours]\n{SSO}", "SSO"),
    "a process that fails": ("[profile ours]\ncredential_process = sh -c 'exit 3'\n", "custom-process"),
    "a process that is not there": ("[profile ours]\ncredential_process = /nowhere/process\n", "/nowhere/process"),
    "a process that talks": ("[profile ours]\ncredential_process = echo hunter2\n", "JSONDecodeError when the"),
    "a process in open quotes": ("[profile ours]\ncredential_process = echo 'hunter2\n", "ValueError when the"),
    "an endpoint that is none": (f"[profile ours]\nendpoint_url = nonsense\n{SOURCE[15:]}", "account test: "),
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment without a word of AWS; the file that its configuration would be in."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    return tmp_path / "aws-config"


def with_account(house: House, said: str) -> None:
    house.write("reconcile.yaml", CONFIG.replace("regions: [us-west-2]", f"regions: [us-west-2], {said}"), stock=False)


@pytest.mark.parametrize("role", ["", ", assumeRole: role/reconcile"], ids=["as they are", "to assume a role with"])
@pytest.mark.parametrize(("configured", "told"), BROKEN.values(), ids=BROKEN)
def test_credentials_that_do_not_work_are_told_with_the_account(
    house: House, bare: Path, configured: str, told: str, role: str
) -> None:
    bare.write_text(configured)
    house.write("one.yaml", function_spec("one"), stock=False)
    with_account(house, f"profile: ours{role}")
    result = house.run("plan")
    assert result.exit_code == 26, result.err
    assert "account test: " in result.err
    assert told in result.err
    assert result.err.count("; ") == 1, "with the mend"
    assert "hunter2" not in result.err + result.out
    assert "unexpected" not in result.err


@pytest.mark.parametrize(
    "command", [("plan",), ("apply", "--yes"), ("snapshot",), ("functions", "specs"), ("invoke", "one")]
)
def test_no_credentials_at_all_are_told_by_every_command(house: House, bare: Path, command: tuple[str, ...]) -> None:
    house.write("one.yaml", function_spec("one"), stock=False)
    with_account(house, "assumeRole: role/reconcile")
    result = house.run(*command)
    assert result.exit_code == 26
    assert (
        "account test: unable to locate credentials to assume role/reconcile with; set AWS_ACCESS_KEY_ID" in result.err
    )


def refusing(house: House, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Have STS refuse to say who asks."""
    house.write("one.yaml", function_spec("one"))
    call = Aws.call

    def refused(self: Aws, place: Place, operation: str, params: Any, *, api: str = "") -> Any:
        if operation == "GetCallerIdentity":
            raise CallFailed("AWS says why", code=code)
        return call(self, place, operation, params, api=api)

    monkeypatch.setattr(Aws, "call", refused)
    for name in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("command", [("plan",), ("functions", "specs"), ("versions", "one")])
@pytest.mark.parametrize(
    ("code", "variables", "mend"),
    [
        ("ExpiredToken", {}, "sign in again (`aws sso login`), or renew the credentials"),
        ("ExpiredTokenException", {"AWS_PROFILE": "a b"}, "sign in again (`aws sso login --profile 'a b'`), or renew"),
        (
            "InvalidClientTokenId",
            {"AWS_DEFAULT_PROFILE": "x"},
            "set keys that AWS knows (`aws configure --profile x`), and the clock",
        ),
        ("SignatureDoesNotMatch", {}, "set keys that AWS knows (`aws configure`), and the clock"),
    ],
)
def test_credentials_that_aws_does_not_take_are_told_with_their_profile_and_the_command_that_helps(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    variables: dict[str, str],
    mend: str,
    command: tuple[str, ...],
) -> None:
    refusing(house, monkeypatch, code)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = house.run(*command)
    assert result.exit_code in (21, 26)
    assert f"account test: AWS says why ({code}); {mend}" in result.err + result.out


def test_a_refusal_that_is_none_of_the_credentials_stays_what_it_is(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(house, monkeypatch, "ServiceUnavailable")
    assert "sign in" not in house.run("plan").err


def test_a_sign_in_that_is_over_names_the_command(house: House, bare: Path) -> None:
    bare.write_text(f"[profile ours]\n{SSO}")
    house.write("one.yaml", function_spec("one"), stock=False)
    with_account(house, "profile: ours")
    assert "sign in again (`aws sso login --profile ours`), or renew the credentials" in house.run("plan").err


def test_credentials_of_another_account_are_told_with_their_profile(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = f"[profile ours]\naws_access_key_id = {os.environ['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = b\n"
    (tmp_path / "config").write_text(keys)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    house.write("one.yaml", function_spec("one"))
    with_account(house, "profile: ours")
    config = house.root / "specs/reconcile.yaml"
    config.write_text(config.read_text().replace("123456789012", "210987654321"))
    result = house.run("functions", "specs")
    assert result.exit_code == 26
    assert (
        "account test is 210987654321 in reconcile.yaml, but the credentials of profile ours belong to 123456789012; check"
        in result.err
    )


def test_credentials_that_fail_while_the_run_goes_on_are_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token's file that is gone, a process that broke: whatever kind of fault renewing them raises."""
    house.write("one.yaml", function_spec("one"))

    def broken(*_: Any, **__: Any) -> None:
        raise json.JSONDecodeError("hunter2", "hunter2", 0)

    aws = Aws({"test": Account("test", True)}, patience_seconds=0)
    monkeypatch.setattr(aws.clients, "made", {})  # what is broken here is nobody else's
    client = aws._client(Place("test", "us-west-2"), "GetFunction", "lambda", {})
    client.meta.events.register("before-sign.lambda", broken)
    monkeypatch.setattr("reconciler.commands.wiring.connect", lambda *_: aws)
    result = house.run("plan")
    assert result.exit_code == 26
    assert "GetFunction: unexpected JSONDecodeError" in result.err
    assert "hunter2" not in result.err


STS = {
    "us-west-2": "https://sts.us-west-2.amazonaws.com",
    "us-gov-west-1": "https://sts.us-gov-west-1.amazonaws.com",
    "cn-north-1": "https://sts.cn-north-1.amazonaws.com.cn",
    "us-iso-east-1": "https://sts.us-iso-east-1.c2s.ic.gov",
    "eusc-de-east-1": "https://sts.eusc-de-east-1.amazonaws.eu",
}


@pytest.mark.parametrize("configured", ["", "[default]\nregion = us-east-1\nsts_regional_endpoints = legacy\n"])
@pytest.mark.parametrize(("region", "endpoint"), STS.items())
def test_a_role_is_assumed_in_the_region_of_the_place(bare: Path, region: str, endpoint: str, configured: str) -> None:
    bare.write_text(configured + SOURCE)
    core = core_session("keys")
    account = Account("test", True, "123456789012", (region,), "role/r", profile="keys")
    credentials: Any = assuming(core, account, region).get_credentials()
    fetcher = credentials._refresh_using.__self__
    assert fetcher._create_client().meta.endpoint_url == endpoint


PROFILE = SOURCE + (
    "ca_bundle = /etc/corp.pem\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\nservices = inside\n"
    "[services inside]\nsts =\n  endpoint_url = https://sts.inside.example\n"
)


def test_a_role_keeps_everything_that_the_profile_says_but_the_credentials(bare: Path) -> None:
    bare.write_text(PROFILE)
    account = Account("test", True, "123456789012", ("us-gov-west-1",), "role/r", profile="keys")
    session = assuming(core_session("keys"), account, "us-gov-west-1")
    client = session.client("lambda")
    assert client.meta.endpoint_url == "https://lambda-fips.us-gov-west-1.api.aws"
    assert client._endpoint.http_session._verify == "/etc/corp.pem"
    assert session.client("sts").meta.endpoint_url == "https://sts.inside.example"
    source: Any = session.get_credentials()
    assert source._refresh_using.__self__._create_client().meta.endpoint_url == "https://sts.inside.example"


def test_a_role_is_assumed_with_a_role_that_a_profile_assumes(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write("one.yaml", function_spec("one"))
    first = "[profile first]\nrole_arn = arn:aws:iam::123456789012:role/first\nsource_profile = keys\n"
    (tmp_path / "config").write_text(
        first + f"[profile keys]\naws_access_key_id = {os.environ['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = b\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with_account(house, "profile: first, assumeRole: role/reconcile")
    house.sandbox.requests.clear()
    assert house.run("plan").exit_code == 0


PLACE = Place("test", "us-west-2")


def config_of(operation: str, params: dict[str, Any]) -> Any:
    return Aws({"test": Account("test", True)})._client(PLACE, operation, "lambda", params).meta.config


def test_what_carries_bytes_may_take_its_time(house: House) -> None:
    code = {"FunctionName": "one", "ZipFile": b"x" * 100_000}
    assert config_of("UpdateFunctionCode", code).connect_timeout >= 60
    assert config_of("CreateFunction", {"Code": {"ZipFile": code["ZipFile"]}}).connect_timeout >= 60
    assert config_of("UpdateFunctionCode", {"S3Key": "x"}).connect_timeout <= 10


def test_an_invocation_is_kept_alive_and_never_repeated(house: House) -> None:
    config = config_of("Invoke", {"Payload": b"{}"})
    assert config.tcp_keepalive
    assert config.retries["total_max_attempts"] == 1
    assert (config.connect_timeout, config.read_timeout) >= (60, 900)


def test_sessions_share_no_event_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    one, other = core_session(), core_session()
    one.register("said", lambda **_: heard.append("one"))
    other.get_component("event_emitter").emit("said")
    assert heard == []
    late = ("said", lambda **_: heard.append("late"))
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, late])
    core_session().get_component("event_emitter").emit("said")
    assert heard == ["late"], "what a library adds to botocore's handlers after our first session is not heard"


def test_the_number_of_an_account_is_what_any_of_its_regions_tells(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = function_spec("one", configuration='Environment: {Variables: {WHERE: "{{ account.id }}"}}')
    house.write("reconcile.yaml", CONFIG.replace("[us-west-2]", "[eu-west-1, us-west-2]"), stock=False)
    house.write("one.yaml", whole.replace("region: us-west-2", "regions: [eu-west-1, us-west-2]"))
    call = Aws.call

    def unanswered(self: Aws, place: Place, operation: str, params: Any, *, api: str = "") -> Any:
        if (operation, place.region) == ("GetCallerIdentity", "eu-west-1"):
            raise CallFailed("Connect timeout", code="ConnectTimeoutError")
        return call(self, place, operation, params, api=api)

    monkeypatch.setattr(Aws, "call", unanswered)
    plan = house.plan()
    assert [target["address"] for target in plan["targets"]] == ["test/eu-west-1/one", "test/us-west-2/one"]
    assert plan["summary"]["refused"] == 0


def test_a_region_whose_sts_does_not_answer_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.aws.client.IDENTITY_SECONDS", 0.01)
    aws, asked, is_over = Aws({"test": Account("test")}), threading.Event(), threading.Event()

    def call(place: Place, *_: Any, api: str) -> Answer:
        if place.region == "eu-west-1":
            asked.set()
            assert is_over.wait(60)
            raise CallFailed("Connect timeout", code="ConnectTimeoutError")
        return Answer({"Account": "123456789012"})

    monkeypatch.setattr(aws, "call", call)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(aws.account_id, Place("test", "eu-west-1"))
        assert asked.wait(60)
        assert aws.account_id(Place("test", "us-west-2")) == "123456789012"
        is_over.set()
        assert first.result() == "123456789012"
