"""What was approved is what is sent: images by digest, objects as they were looked at, and no two unknowns are one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.apply import operation, perform
from reconciler.apply.objects import Objects
from reconciler.aws.client import Aws
from reconciler.commands import wiring
from reconciler.commands.workspaces import read
from reconciler.core.packages import Pin
from reconciler.core.place import Place
from reconciler.sandbox.stock import code_zip
from reconciler.snapshot import artifacts
from tests.conftest import ACCOUNT, REGION, ROLE, House, function_spec

ECR = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/checkout"
LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"


def image_spec(uri: str, configuration: str = "", code: str = "") -> str:
    return (
        "function: checkout\naccount: test\nregion: us-west-2\n"
        f"configuration: {{PackageType: Image, Role: '{ROLE}'{configuration}}}\ncode: {{ImageUri: '{uri}'{code}}}\n"
    )


def s3(house: House) -> Any:
    return house.sandbox.clients.get("s3", ACCOUNT, REGION)


def put(house: House, key: str, said: str, **members: Any) -> str:
    """Other code for each `said`; its hash as Lambda says it."""
    body = code_zip("lambda_function.lambda_handler", said)
    s3(house).put_object(Bucket="artifacts", Key=key, Body=body, **members)
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def fields(house: House, *flags: str) -> dict[str, tuple[Any, Any]]:
    """Path -> (before, after) of the function's code in the plan."""
    (target,) = house.plan(*flags)["targets"]
    return {
        item["path"].removeprefix("/code/"): (item["before"], item["after"])
        for action in target["actions"]
        for item in action["fields"]
        if item["path"].startswith("/code/")
    }


def live_hash(house: House) -> str:
    return str(house.lambda_.get_function_configuration(FunctionName="checkout")["CodeSha256"])


def before_the_first_call(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """`act` between the plan that was shown and the first call."""
    begin = perform.begin
    monkeypatch.setattr("reconciler.commands.run.begin", lambda *given: (act(), begin(*given)))


# --- images --------------------------------------------------------------------------------------------------------


def test_two_images_whose_digests_nobody_can_tell_are_two_changes(house: House) -> None:
    """A registry that is not ECR cannot be asked."""
    house.write("checkout.yaml", image_spec("registry.example.com/app:first"))
    house.apply()
    house.write("checkout.yaml", image_spec("registry.example.com/app:reviewed"))
    house.run("plan", "-o", "plan.json")
    house.write("checkout.yaml", image_spec("registry.example.com/app:evil"))
    house.writes()
    result = house.run("apply", "--yes", "--approved", "plan.json")
    assert result.exit_code == 23
    assert "-/code/ImageUri: registry.example.com/app:first → registry.example.com/app:reviewed" in result.out
    assert "+/code/ImageUri: registry.example.com/app:first → registry.example.com/app:evil" in result.out
    assert house.writes() == []


def test_a_creation_is_approved_with_its_source_as_well(house: House) -> None:
    house.write("checkout.yaml", image_spec("registry.example.com/app:reviewed"))
    house.run("plan", "-o", "plan.json")
    assert fields(house)["ImageUri"] == (None, "registry.example.com/app:reviewed")
    house.write("checkout.yaml", image_spec("registry.example.com/app:evil"))
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 23
    assert house.writes() == []


def test_an_image_that_cannot_be_resolved_is_compared_by_its_address_and_not_sent_at_every_apply(house: House) -> None:
    house.write("checkout.yaml", image_spec("registry.example.com/app:v1"))
    house.apply()
    house.writes()
    plan = house.plan()
    assert house.verbs() == {}
    assert any("cannot tell whether the code changed" in note["message"] for note in plan["diagnostics"])
    house.write("checkout.yaml", image_spec("registry.example.com/app:v2"))
    assert fields(house) == {
        "CodeSha256": (live_hash(house), "(known after apply)"),
        "ImageUri": ("registry.example.com/app:v1", "registry.example.com/app:v2"),
    }
    house.apply()
    assert house.writes() == ["UpdateFunctionCode"]
    assert house.verbs() == {}


def test_a_tag_is_sent_as_the_digest_that_was_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("checkout.yaml", image_spec(f"{ECR}:v1"))
    shown = fields(house)["CodeSha256"][1]
    ecr = house.sandbox.clients.get("ecr", ACCOUNT, REGION)
    sent: list[str] = []

    def move() -> None:
        ecr.batch_delete_image(repositoryName="checkout", imageIds=[{"imageTag": "v1"}])

    before_the_first_call(monkeypatch, move)
    house.apply()
    sent += [request.params["Code"]["ImageUri"] for request in house.sandbox.writes]
    assert sent == [f"{ECR}@sha256:{shown}"]
    assert live_hash(house) == shown


def test_the_same_image_in_another_repository_is_a_note_and_no_call(house: House) -> None:
    digest = "a" * 64
    house.write("checkout.yaml", image_spec(f"{ECR}@sha256:{digest}"))
    house.apply()
    house.write("checkout.yaml", image_spec(f"{ECR.replace('checkout', 'mirror')}@sha256:{digest}"))
    assert house.verbs() == {}
    notes = [note["message"] for note in house.plan()["diagnostics"]]
    assert notes == [f"test/us-west-2/checkout holds the same code from {ECR}@sha256:{digest}, so nothing is sent; keep that in place (W205)"]  # fmt: skip


def test_a_hash_beside_a_tag_is_what_is_sent(house: House) -> None:
    digest = "b" * 64
    house.write("checkout.yaml", image_spec(f"{ECR}:v1", code=f", sha256: {digest}"))
    house.apply()
    assert [request.params["Code"]["ImageUri"] for request in house.sandbox.writes] == [f"{ECR}@sha256:{digest}"]
    assert house.verbs() == {}


# --- objects and paths ---------------------------------------------------------------------------------------------


def test_the_source_is_shown_with_every_change_of_the_code(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    assert {name: after for name, (_, after) in fields(house).items() if name != "CodeSha256"} == {
        "S3Bucket": "artifacts",
        "S3Key": "v1.zip",
    }
    house.apply()
    old = live_hash(house)
    house.write("checkout.yaml", function_spec(key="v2.zip"))
    shown = fields(house)
    assert shown.pop("CodeSha256")[0] == old
    assert shown == {"S3Bucket": ("(not told by AWS)", "artifacts"), "S3Key": ("(not told by AWS)", "v2.zip")}
    text = house.run("plan").out
    assert "code.S3Key" in text
    assert "v2.zip" in text


def test_a_path_is_shown_as_it_is_written(house: House) -> None:
    source = house.root / "specs" / "src"
    source.mkdir()
    (source / "lambda_function.py").write_text("x = 1\n")
    spec = function_spec().replace("{S3Bucket: artifacts, S3Key: v1.zip}", "{path: ../src}")
    house.write("team/checkout.yaml", spec)
    assert fields(house)["path"] == (None, "../src")
    digest = house.plan()["digest"]
    assert house.run("plan", "--format", "json", str(house.root / "specs")).json()["digest"] == digest


def test_an_object_that_was_replaced_after_the_plan_is_not_sent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    reviewed = live_hash(house)
    put(house, "v2.zip", "reviewed", ChecksumAlgorithm="SHA256")
    house.write("checkout.yaml", function_spec(key="v2.zip", extra=LIVE))
    house.writes()
    before_the_first_call(monkeypatch, lambda: put(house, "v2.zip", "evil", ChecksumAlgorithm="SHA256"))
    report = house.apply()
    assert "was replaced; plan again" in str(report["tasks"][0]["operations"][0]["error"])
    assert house.writes() == []
    assert live_hash(house) == reviewed


def heads(monkeypatch: pytest.MonkeyPatch) -> list[Pin]:
    """The objects that are looked at from now on."""
    looked, look = list[Pin](), artifacts.object_head

    def noted(aws: Aws, place: Place, pin: Pin) -> Any:
        looked.append(pin)
        return look(aws, place, pin)

    monkeypatch.setattr(artifacts, "object_head", noted)
    return looked


def test_an_object_of_many_functions_is_looked_at_once_for_all_calls_of_a_moment(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        house.write(f"f{number:02}.yaml", function_spec(f"f{number:02}"), stock=not number)
    clock = [0.0]
    monkeypatch.setattr(Aws, "now", lambda _: clock[0])
    looked = heads(monkeypatch)
    house.apply()
    assert len(looked) == 2  # by the plan, and right before the calls
    objects = Objects(wiring.connect(read([house.root / "specs"]).config, ["test"]))
    for moment, count in ((0.0, 3), (0.9, 3), (1.5, 4), (2.6, 5)):
        clock[0] = moment
        objects.confirm(Place("test", REGION), looked[1])
        assert len(looked) == count


def test_who_is_sent_other_code_than_planned_is_told_so_however_soon_it_was_replaced(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        house.write(f"{name}.yaml", function_spec(name))
    monkeypatch.setattr(Aws, "now", lambda _: 0.0)

    def replace(operation: str, _: Any) -> None:
        if operation == "CreateFunction":
            put(house, "v1.zip", "evil", ChecksumAlgorithm="SHA256")

    house.sandbox.gate.watch = replace
    report = house.apply()
    assert "the code was replaced in between; plan again" in str(report["tasks"])


def test_an_object_that_is_gone_after_the_plan_is_told_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("checkout.yaml", function_spec())
    before_the_first_call(monkeypatch, lambda: s3(house).delete_object(Bucket="artifacts", Key="v1.zip"))
    report = house.apply()
    assert "s3://artifacts/v1.zip is gone since the plan was made" in str(report["tasks"])
    assert house.writes() == []


def test_the_version_that_was_looked_at_is_the_one_that_is_sent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    s3(house).put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    wanted = put(house, "v1.zip", "reviewed")
    before_the_first_call(monkeypatch, lambda: put(house, "v1.zip", "evil"))
    assert house.apply()["outcome"]["status"] == "succeeded"
    assert live_hash(house) == wanted


def test_a_hash_that_is_not_what_s3_says_is_refused_before_anything_is_sent(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    house.writes()
    for members in ({"ChecksumAlgorithm": "SHA256"}, {}, {"Metadata": {"sha256": "c" * 64}}):
        put(house, "v2.zip", "other", **members)
        wrong = base64.b64encode(b"\1" * 32).decode()
        house.write("checkout.yaml", function_spec(key=f"v2.zip, sha256: '{wrong}'"))
        result = house.run("apply", "--yes")
        assert result.exit_code == 21
        assert f"code.sha256 is {wrong}, and " in result.out
        assert house.writes() == []


def test_a_hash_that_is_not_that_of_the_path_or_the_image_is_refused(house: House) -> None:
    (house.root / "specs" / "app.py").write_text("x = 1\n")
    wrong = base64.b64encode(b"\1" * 32).decode()
    house.write("checkout.yaml", function_spec().replace("{S3Bucket: artifacts, S3Key: v1.zip}", f"{{path: ., sha256: '{wrong}'}}"))  # fmt: skip
    assert "what is packed from specs says" in house.run("plan").out
    house.write("checkout.yaml", image_spec(f"{ECR}@sha256:{'a' * 64}", code=f", sha256: {'b' * 64}"))
    assert f"code.sha256 is {'b' * 64}, and digest in ImageUri says {'a' * 64}" in house.run("plan").out


def test_code_that_holds_credentials_is_warned_of(house: House) -> None:
    source = house.root / "specs" / "src"
    source.mkdir()
    named = [".env", *(f".env.{letter}" for letter in "abcdef")]
    for name in (*named, "lambda_function.py"):
        (source / name).write_text("x = 1\n")
    house.write("checkout.yaml", function_spec().replace("{S3Bucket: artifacts, S3Key: v1.zip}", "{path: src}"))
    (note,) = house.plan()["diagnostics"]
    assert (note["severity"], note["source"]["line"]) == ("warning", 9)
    assert (
        note["message"]
        == f"the code holds {', '.join(named)}, which looks like a credential; name it in .lambdaignore (W204)"
    )
    (source / ".lambdaignore").write_text(".env*\n")
    assert house.plan()["diagnostics"] == []


# --- hashes that nobody knows --------------------------------------------------------------------------------------


def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every object without a hash in S3 is too large to be read."""
    monkeypatch.setattr(artifacts, "LARGEST_READ_BYTES", -1)


def test_a_version_of_code_whose_hash_nobody_knows_is_published_of_what_aws_answered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    house.writes()
    unread(monkeypatch)
    wanted = put(house, "v2.zip", "large")
    house.write("checkout.yaml", function_spec(key="v2.zip", extra=LIVE))
    shown = fields(house)
    assert shown["CodeSha256"][1] == "(known after apply)"
    assert shown["ETag"][1] == s3(house).head_object(Bucket="artifacts", Key="v2.zip")["ETag"]
    house.apply()
    published = next(one for one in house.sandbox.writes if one.operation == "PublishVersion")
    assert published.params["CodeSha256"] == wanted


def test_an_object_that_is_replaced_while_it_is_sent_goes_live_nowhere(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows its hash, so that it stood still around the call is all that can be told."""
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    unread(monkeypatch)
    put(house, "v2.zip", "reviewed")
    house.write("checkout.yaml", function_spec(key="v2.zip", extra=LIVE))
    house.writes()
    call = operation.call

    def replacing(*given: Any) -> Any:
        put(house, "v2.zip", "evil")
        return call(*given)

    monkeypatch.setattr(operation, "call", replacing)
    assert house.apply()["outcome"]["status"] == "failed"
    assert house.writes() == ["UpdateFunctionCode"]


def test_an_approved_object_of_unknown_hash_is_the_very_object(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    unread(monkeypatch)
    put(house, "v2.zip", "reviewed")
    house.write("checkout.yaml", function_spec(key="v2.zip"))
    house.run("plan", "-o", "plan.json")
    put(house, "v2.zip", "evil")
    house.writes()
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 23
    assert house.writes() == []


def test_an_object_too_large_to_be_read_is_sent_once_and_then_known_by_the_report(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    unread(monkeypatch)
    monkeypatch.setattr(artifacts, "_hashed", pytest.fail)
    put(house_with_bucket(house), "large.zip", "one")
    house.write("checkout.yaml", function_spec(key="large.zip", extra=LIVE), stock=False)
    house.apply()
    house.writes()
    assert house.verbs() == {}
    plan = house.run("plan")
    assert "known by" not in plan.out
    assert "note: specs/checkout.yaml:9: the code is compared by the report of an earlier run" in plan.out
    assert house.apply()["outcome"]["status"] == "unchanged"
    put(house, "large.zip", "two")
    assert "nor does a report; upload it with --checksum-algorithm SHA256" in house.run("plan").out
    house.apply()
    assert house.writes() == ["UpdateFunctionCode", "PublishVersion", "UpdateAlias"]
    assert house.verbs() == {}


def test_without_a_report_it_is_planned_with_the_reason_and_with_the_flag_it_is_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    unread(monkeypatch)
    put(house_with_bucket(house), "large.zip", "one")
    house.write("checkout.yaml", function_spec(key="large.zip"), stock=False)
    house.apply()
    assert house.verbs("--report-dir", "elsewhere") == {"checkout": "update"}
    assert house.verbs("--report-dir", "elsewhere", "--download-code") == {}


def test_what_somebody_else_deployed_is_drift_from_the_recorded_hash(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    unread(monkeypatch)
    wanted = put(house_with_bucket(house), "large.zip", "one")
    house.write("checkout.yaml", function_spec(key="large.zip"), stock=False)
    house.apply()
    house.lambda_.update_function_code(FunctionName="checkout", S3Bucket="artifacts", S3Key="v1.zip")
    assert fields(house)["CodeSha256"] == (live_hash(house), wanted)


def test_a_report_that_is_none_of_ours_in_form_tells_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    unread(monkeypatch)
    put(house_with_bucket(house), "large.zip", "one")
    house.write("checkout.yaml", function_spec(key="large.zip"), stock=False)
    house.apply()
    for name, text in {"a": "{", "b": '{"kind": "report", "tasks": 7}', "c": '{"kind": "report", "tasks": [{"operations": [{"code": {"S3Key": 1}}]}]}'}.items():  # fmt: skip
        (house.root / "reports" / f"{name}.json").write_text(text)
    assert house.verbs() == {}


def house_with_bucket(house: House) -> House:
    """Stocked with everything that a spec of `function_spec` names."""
    house.write("stock.yaml", function_spec())
    house.remove("stock.yaml")
    return house
