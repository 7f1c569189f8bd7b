"""Packages that are too large for a request: refused without `artifacts`, put by what they hold, once, and never over what is there."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply import delivery, perform
from reconciler.commands import wiring, workspaces
from reconciler.commands.setup.rights import wanted
from reconciler.core.errors import CallFailed, CodeDiffers
from reconciler.core.model import Origin
from reconciler.core.packages import Blob, Pin
from reconciler.core.place import Place
from reconciler.files import packing
from reconciler.files.packages import Packages
from tests.conftest import ACCOUNT, CONFIG, REGION, ROLE, House
from tests.files.packed import pack
from tests.spec.test_guard_changes import based

STORE = "artifacts: s3://artifacts-{{ account.id }}-{{ region }}/packages\n"
BUCKET = f"artifacts-{ACCOUNT}-{REGION}"
CODE = "def lambda_handler(event, context):\n    return {number}\n"


def spec(name: str = "checkout", path: str = "../src") -> str:
    return (
        f"function: {name}\naccount: test\nregion: us-west-2\n"
        f"configuration: {{Runtime: python3.13, Handler: lambda_function.lambda_handler, Role: '{ROLE}'}}\n"
        f"code: {{path: {path}}}\n"
    )


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda's limit in small, so that nothing large need be packed."""
    monkeypatch.setattr(packing, "MAX_DIRECT_BYTES", 4_000)


@pytest.fixture
def large(house: House) -> House:
    """A house with a store, and code that no request has room for."""
    house.write("reconcile.yaml", CONFIG + STORE, stock=False)
    write(house, 1)
    house.write("checkout.yaml", spec())
    return house


def write(house: House, number: int) -> None:
    source = house.root / "src"
    source.mkdir(exist_ok=True)
    (source / "lambda_function.py").write_text(CODE.format(number=number))
    noise = b"".join(hashlib.sha256(bytes([number, turn])).digest() for turn in range(200))
    (source / "noise.bin").write_bytes(noise)


def held(house: House) -> dict[str, Any]:
    """Key -> head of what the store holds."""
    s3 = house.sandbox.clients.get("s3", ACCOUNT, REGION)
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    return {key: s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED") for key in keys}


def live_hash(house: House, name: str = "checkout") -> str:
    return str(house.lambda_.get_function_configuration(FunctionName=name)["CodeSha256"])


def actions(house: House) -> dict[str, Any]:
    (target,) = house.plan()["targets"]
    found: dict[str, Any] = target["actions"][0]
    return found


def errors(house: House) -> list[str]:
    return [result["message"] for task in house.newest_report()["tasks"] for result in task["resultObjects"] if "message" in result]  # fmt: skip


def test_a_large_package_is_put_by_its_hash_and_sent_from_there(large: House) -> None:
    shown = actions(large)
    assert held(large) == {}  # a plan puts nothing
    report = large.apply()
    ((key, head),) = held(large).items()
    assert base64.b64decode(live_hash(large)).hex() == key.removeprefix("packages/").removesuffix(".zip")
    assert head["ChecksumSHA256"] == live_hash(large)
    assert shown["package"]["stored_at"] == f"s3://{BUCKET}/{key}"
    (created,) = [request.params["Code"] for request in large.sandbox.writes]
    assert created == {"S3Bucket": BUCKET, "S3Key": key}
    (performed,) = report["tasks"][0]["operations"]
    assert performed["package"] == {"S3Bucket": BUCKET, "S3Key": key, "bytes": shown["package"]["bytes"]}
    assert large.verbs() == {}
    write(large, 2)
    large.apply()
    assert len(held(large)) == 2
    assert large.verbs() == {}


def test_where_it_is_put_is_shown_and_no_part_of_what_is_approved(large: House) -> None:
    out = large.run("plan", "-o", "plan.json").out
    assert re.search(rf"package +6\.\d KB in 2 files, through s3://{BUCKET}/packages/[0-9a-f]{{64}}\.zip\n", out)
    assert f"through s3://{BUCKET}/packages/" in large.run("plan", "--format", "markdown").out
    digest = json.loads((large.root / "plan.json").read_text())["targets"][0]["digest"]
    large.write("reconcile.yaml", CONFIG + "artifacts: s3://elsewhere/x\n", stock=False)
    assert large.plan()["targets"][0]["digest"] == digest


def test_without_a_store_it_is_refused_with_what_to_write(large: House) -> None:
    large.write("reconcile.yaml", CONFIG, stock=False)
    result = large.run("plan", "--detailed-exitcode")
    assert result.exit_code == 21
    assert (
        "bytes zipped, and a request to Lambda takes 4,000 at the most; write `artifacts: s3://BUCKET/PREFIX` in "
        "reconcile.yaml, a bucket of the function's region, and it goes through that (R290)"
    ) in result.out


def test_what_lives_already_needs_no_store(large: House) -> None:
    large.apply()
    large.write("reconcile.yaml", CONFIG, stock=False)
    assert large.verbs() == {}
    assert large.plan()["diagnostics"] == []


def test_one_package_of_many_functions_is_put_once(large: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        large.write(f"f{number}.yaml", spec(f"f{number}"), stock=False)
    put = list[Pin]()
    original = delivery._put

    def counted(*given: Any) -> bool:
        put.append(given[3])
        return original(*given)

    monkeypatch.setattr(delivery, "_put", counted)
    report = large.apply()
    assert report["outcome"]["status"] == "succeeded"
    assert len(put) == len(held(large)) == 1
    sent = [task["operations"][0]["package"]["bytes"] for task in report["tasks"]]
    assert sorted(sent)[:-1] == [0] * 6
    assert max(sent) > 6_000


def test_what_is_there_already_is_not_sent_again(large: House) -> None:
    """A run that was killed after the put, or another house with the same code."""
    large.apply()
    large.lambda_.delete_function(FunctionName="checkout")
    (before,) = held(large).values()
    assert large.apply()["tasks"][0]["operations"][0]["package"]["bytes"] == 0
    (after,) = held(large).values()
    assert before["LastModified"] == after["LastModified"]


def test_another_who_puts_the_same_meanwhile_is_no_failure(large: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([False, True])
    monkeypatch.setattr(delivery, "_is_there", lambda *given: next(looks))
    key = actions(large)["package"]["stored_at"].partition(f"{BUCKET}/")[2]
    s3 = large.sandbox.clients.get("s3", ACCOUNT, REGION)
    code = pack(str(large.root / "src"), Origin("x"))
    s3.put_object(Bucket=BUCKET, Key=key, Body=code, ChecksumAlgorithm="SHA256")
    assert large.apply()["tasks"][0]["operations"][0]["package"]["bytes"] == 0


def test_something_else_under_its_name_is_never_sent(large: House) -> None:
    """Who may write to the bucket could lay other code there before us."""
    key = actions(large)["package"]["stored_at"].partition(f"{BUCKET}/")[2]
    s3 = large.sandbox.clients.get("s3", ACCOUNT, REGION)
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"evil", ChecksumAlgorithm="SHA256")
    large.run("apply", "--yes")
    assert any("holds other code than its name says" in error for error in errors(large))
    assert large.sandbox.writes == []


def test_code_that_changed_after_the_plan_is_put_as_it_was_shown(large: House, monkeypatch: pytest.MonkeyPatch) -> None:
    begin, shown = perform.begin, actions(large)["package"]["stored_at"]

    def late(*given: Any) -> None:
        write(large, 9)
        begin(*given)

    monkeypatch.setattr("reconciler.commands.run.begin", late)
    assert large.apply()["outcome"]["status"] == "succeeded"
    (key,) = held(large)
    assert shown == f"s3://{BUCKET}/{key}"
    assert large.verbs() == {"checkout": "update"}


def test_code_that_is_not_what_a_plan_showed_is_not_put(large: House) -> None:
    """Who carries out a plan that another process made packs by itself."""
    blob = Blob(str(large.root / "src"), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    aws = wiring.connect(workspaces.read([large.root / "specs"]).config, ["test"])
    with pytest.raises(CodeDiffers, match="is not what it was when the plan was made; plan again"):
        delivery.Deliveries(aws, Packages()).put(
            Place("test", REGION), blob, Pin(BUCKET, "x", sha256=blob.sha256), print
        )
    assert held(large) == {}


def test_who_may_put_and_not_look_is_told_by_lambdas_answer(large: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(*_: object) -> Any:
        raise CallFailed("Forbidden", code="403")

    monkeypatch.setattr(delivery, "object_head", hidden)
    assert large.apply()["outcome"]["status"] == "succeeded"
    assert large.verbs() == {}


def test_a_bucket_that_is_not_there_is_told_with_what_helps(large: House) -> None:
    large.write("reconcile.yaml", CONFIG + "artifacts: s3://nowhere/packages\n", stock=False)
    assert large.run("apply", "--yes").exit_code == 25
    (error,) = errors(large)
    assert error.startswith("the package cannot be put to s3://nowhere/packages/")
    assert error.endswith("make the bucket, or correct `artifacts` in reconcile.yaml")


def test_an_upload_is_told_while_it_goes_on(large: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "SECONDS_BETWEEN_WORDS", 0.0)
    err = large.run("apply", "--yes").err
    assert re.search(r"checkout: CreateFunction uploading \d[\d.]* K?B of 6\.\d KB\n", err)
    assert err.count("CreateFunction uploading") == 1  # so often as ten seconds pass
    assert f"checkout: CreateFunction uploaded 6.{err.partition('uploaded 6.')[2][0]} KB to s3://{BUCKET}/" in err


def test_the_store_of_the_base_judges(large: House) -> None:
    based(large, "one", config=CONFIG + STORE)
    write(large, 2)
    large.write("reconcile.yaml", CONFIG + "artifacts: s3://strangers/x\n", stock=False)
    plan = large.plan("--base", "HEAD")
    assert [change["path"] for change in plan["configuration"]["changes"]] == ["/artifacts"]
    (target,) = [target for target in plan["targets"] if target["address"].endswith("/checkout")]
    assert target["actions"][0]["package"]["stored_at"].startswith(f"s3://{BUCKET}/")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("s3://bucket", "s3://BUCKET/PREFIX"),
        ("s3://bucket/", "s3://BUCKET/PREFIX"),
        ('"s3://a-{{ function }}/x"', "a bucket's name is told by account.id, region and partition only"),
        ('"s3://a-{{ account.name }}/x"', "a bucket's name is told by account.id, region and partition only"),
        ("\"s3://a/{{ ssm('x') }}\"", "ssm and secret are read in values"),
        ('"s3://a/{{ nothing }}"', "must be one of account.id"),
    ],
)
def test_a_store_that_cannot_be_is_told_at_its_line(written: str, expected: str, house: House) -> None:
    house.write("reconcile.yaml", f"{CONFIG}artifacts: {written}\n", stock=False)
    house.write("checkout.yaml", spec())
    result = house.run("validate")
    assert result.exit_code == 20
    assert re.search(r"specs/reconcile.yaml:\d+:\d+: artifacts", result.err + result.out)
    assert expected in result.err + result.out


def test_doctor_asks_for_the_right_to_put_it(large: House) -> None:
    with contextlib.chdir(large.root):
        workspace = workspaces.read([Path("specs")])
        aws = wiring.connect(workspace.config, workspace.accounts)
        plan = wiring.planned(workspace, wiring.live_snapshot(workspace, aws), workspaces.Choices())
    specs = workspace.specs.specs
    reading, writing = (
        {right.action for right in wanted(workspace.config, specs, plan, {"test": ACCOUNT}, is_applying=it)["test"]}
        for it in (False, True)
    )
    assert "s3:PutObject" not in reading
    assert {"s3:PutObject", "s3:GetObject"} <= writing
