"""A function's versions: what each is, who uses it, of which commit it came; and two of them compared."""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.core.model import Target
from reconciler.report.answers import SCHEMAS
from reconciler.report.daily import versions
from reconciler.report.versions import publications
from tests.conftest import ROLE, House, function_spec
from tests.spec.test_hostile_git import git

QUEUE = "arn:aws:sqs:us-west-2:123456789012:orders"
USED = f"""
publish: true
aliases:
  live: {{FunctionVersion: published}}
  old:
    FunctionVersion: "1"
event_source_mappings: {{orders: {{EventSourceArn: "{QUEUE}", alias: live}}}}
urls: {{live: {{AuthType: AWS_IAM}}}}
"""
ENVIRONMENT = "Environment: {{Variables: {{TOKEN: {}}}}}"


def listed(house: House, *flags: str) -> dict[str, dict[str, Any]]:
    result = house.run("versions", "checkout", "--format", "json", *flags)
    assert result.exit_code == 0, result.err
    Draft202012Validator(SCHEMAS["versions"]).validate(result.json())
    return {one["version"]: one for one in result.json()["versions"]}


def commit(house: House, message: str = "a change") -> str:
    git(house.root, "add", "-A")
    git(house.root, "-c", "user.name=Ada", "commit", "-qm", message)
    return git(house.root, "rev-parse", "HEAD").strip()


@pytest.fixture
def twice(house: House) -> tuple[House, list[str]]:
    """Two versions, each applied from a commit of its own; version 1 is pinned by an alias."""
    (house.root / ".gitignore").write_text("reports\n")
    git(house.root, "init", "-q", "-b", "main")
    commits = []
    for key, memory in (("v1.zip", 128), ("v2.zip", 256)):
        house.write("checkout.yaml", function_spec(key=key, extra=USED, configuration=f"MemorySize: {memory}"))
        commits.append(commit(house))
        house.apply()
    return house, commits


# --- versions ----------------------------------------------------------------------------------------------------------


def test_a_version_has_its_commit_its_code_and_all_that_uses_it(twice: tuple[House, list[str]]) -> None:
    house, commits = twice
    weights = {"AdditionalVersionWeights": {"1": 0.25}}
    house.lambda_.update_alias(FunctionName="checkout", Name="live", RoutingConfig=weights)
    found = listed(house)
    assert list(found) == ["$LATEST", "2", "1"]
    assert [found[number]["commit"] for number in found] == [None, commits[1], commits[0]]
    assert found["2"]["published_at"] > found["1"]["published_at"]
    assert found["2"]["run"] == house.newest_report()["run"]["id"]
    assert found["$LATEST"]["code_sha256"] == found["2"]["code_sha256"] != found["1"]["code_sha256"]
    shares = {
        number: {user["name"]: user["share"] for user in one["used_by"] if user["kind"] == "alias"}
        for number, one in found.items()
    }
    assert shares == {"$LATEST": {}, "2": {"live": 0.75}, "1": {"live": 0.25, "old": 1.0}}
    for number in ("1", "2"):
        through = [user["kind"] for user in found[number]["used_by"] if user.get("through") == "live"]
        assert sorted(through) == ["event_source_mapping", "url"]
    (pin,) = (user["source"] for user in found["1"]["used_by"] if user["kind"] == "spec")
    assert "FunctionVersion" in (house.root / pin["file"]).read_text().splitlines()[pin["line"] - 1]


def test_as_text_a_version_is_a_row(twice: tuple[House, list[str]]) -> None:
    house, commits = twice
    head, latest, newest, oldest = house.run("versions", "checkout").out.splitlines()
    assert re.split("  +", head) == ["version", "published", "commit", "last modified", "code", "size", "used by"]
    assert latest.startswith("$LATEST  ")
    assert newest.split()[0] == "2"
    assert newest.endswith("live, URL by live, mapping orders by live")
    assert oldest.split()[2] == commits[0][:10]
    assert re.search(r"old, specs/checkout\.yaml:\d+$", oldest)


SOURCES = {
    "arn:aws:sqs:us-west-2:123456789012:orders": "orders",
    "arn:aws:kinesis:us-west-2:123456789012:stream/clicks": "clicks",
    "arn:aws:dynamodb:us-west-2:123456789012:table/orders/stream/2026-01-01T00:00:00.000": "orders",
    "self-managed Kafka": "self-managed Kafka",
}


@pytest.mark.parametrize(("source", "name"), SOURCES.items())
def test_a_mapping_is_called_by_what_it_polls(source: str, name: str) -> None:
    used_by = [{"kind": "event_source_mapping", "name": "83ad8784", "remark": f"of {source}"}]
    newest = {
        "version": "1", "published_at": None, "commit": None, "modified_at": "", "code_sha256": "", "code_bytes": 1, "used_by": used_by,
    }  # fmt: skip
    assert versions({"versions": [newest]}).splitlines()[1].endswith(f"mapping {name}")


def test_a_commit_that_is_not_known_is_left_open(twice: tuple[House, list[str]]) -> None:
    house, _ = twice
    house.write("checkout.yaml", function_spec(key="v3.zip", extra=USED))
    house.apply()  # of a tree that is not committed
    found = listed(house)["3"]
    assert (found["commit"], found["run"]) == (None, house.newest_report()["run"]["id"])
    for file in (house.root / "reports").iterdir():
        file.rename(house.root / file.name)
    assert {one["published_at"] for one in listed(house).values()} == {None}
    assert "published" not in house.run("versions", "checkout").out


def test_a_report_that_no_run_of_ours_left_names_no_commit(twice: tuple[House, list[str]]) -> None:
    house, _ = twice
    reports = house.root / "reports"
    for file in list(reports.glob("*.json")):
        (house.root / "copy.json").write_text(file.read_text())
        file.with_suffix(".jsonl").unlink()
    assert {one["commit"] for one in listed(house).values()} == {None}


def test_reports_in_s3_are_read_where_they_are_asked_for(twice: tuple[House, list[str]]) -> None:
    house, commits = twice
    s3 = house.sandbox.clients.get("s3", "123456789012", "us-west-2")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert house.run("versions", "checkout", "--reports").exit_code == 2
    config = (house.root / "specs/reconcile.yaml").read_text()
    house.write("reconcile.yaml", config + "reports: s3://kept/history\n", stock=False)
    for file in list((house.root / "reports").glob("*.json")):
        s3.put_object(Bucket="kept", Key=f"history/{file.name}", Body=file.read_bytes())
    elsewhere = ("--report-dir", "elsewhere")
    assert {one["commit"] for one in listed(house, *elsewhere).values()} == {None}
    found = listed(house, *elsewhere, "--reports")
    assert [found[number]["commit"] for number in ("2", "1")] == [commits[1], commits[0]]
    assert not (house.root / "elsewhere").exists()


def test_numbers_of_a_function_that_was_deleted_are_anothers() -> None:
    target = Target("test", "us-west-2", "checkout")

    def report(run: str, *operations: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        done = [
            {"operation": name, "outcome": "succeeded", "address": str(target), "started_at": "t"}
            for name, _ in operations
        ]
        task = {"target": str(target), "operations": done, "resultObjects": [result for _, result in operations]}
        return {"run": {"id": run}, "provenance": {"dirty": False, "commit": run}, "tasks": [task]}

    reports = [
        report("3", ("PublishVersion", {"version": "1", "codeSha256": "c"})),
        report("2", ("DeleteFunction", {})),
        report("1", ("CreateFunction", {"version": "1"}), ("PublishVersion", {"version": "2"})),
    ]
    assert [(one.version, one.commit) for one in publications(reports, target)] == [("1", "3")]


def test_what_may_not_be_read_beside_the_versions_is_told_and_hides_none(twice: tuple[House, list[str]]) -> None:
    from reconciler.sandbox.around.faults import Fault, Script

    house, _ = twice
    house.sandbox.gate.script = Script([Fault("ListFunctionUrlConfigs", code="AccessDeniedException", status=403)])
    result = house.run("versions", "checkout", "--format", "json")
    assert [one["version"] for one in result.json()["versions"]] == ["$LATEST", "2", "1"]
    assert "allow lambda:ListFunctionUrlConfigs" in result.err


def test_a_spec_that_is_broken_is_in_nobodys_way(twice: tuple[House, list[str]]) -> None:
    house, _ = twice
    house.write("broken.yaml", "function: broken\naccount: test\nregion: us-west-2\npublish: 3\n", stock=False)
    result = house.run("versions", "checkout")
    assert result.exit_code == 0
    assert "the specs are not valid, so what they name is not told" in result.err


def test_a_function_that_is_not_there_is_told(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    for arguments in (("versions", "checkout"), ("diff", "checkout", "1"), ("versions", "test/us-west-2/nobody")):
        result = house.run(*arguments, "--format", "json")
        assert result.exit_code == 26
        assert result.json()["kind"] == "error"
        assert f"{arguments[1].rpartition('/')[2]} " in result.err


# --- diff --------------------------------------------------------------------------------------------------------------


def compared(house: House, *arguments: str, code: int = 0) -> dict[str, Any]:
    result = house.run("diff", "checkout", *arguments, "--format", "json")
    assert result.exit_code == code, result.err
    document: dict[str, Any] = result.json()
    Draft202012Validator(SCHEMAS["diff"]).validate(document)
    return document


def paths(document: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {field["path"]: (field["before"], field["after"]) for field in document["fields"]}


def packed(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with warnings.catch_warnings():  # a name that is there twice
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def published(house: House, *packages: dict[str, bytes], **settings: Any) -> None:
    """checkout with a version of each package."""
    house.write("checkout.yaml", function_spec())
    first, *more = map(packed, packages)
    house.lambda_.create_function(
        FunctionName="checkout", Runtime="python3.13", Handler="a.b", Role=ROLE, Code={"ZipFile": first}, Publish=True, **settings
    )  # fmt: skip
    for code in more:
        house.lambda_.update_function_code(FunctionName="checkout", ZipFile=code, Publish=True)


def test_settings_are_compared_in_normal_form_and_sensitive_ones_named(house: House) -> None:
    for secret, memory in (("sentinel-one", 128), ("sentinel-two", 256)):
        configuration = f"MemorySize: {memory}\n" + ENVIRONMENT.format(secret)
        house.write("checkout.yaml", function_spec(extra="publish: true\n", configuration=configuration))
        house.apply()
    document = compared(house, "1", "2")
    assert paths(document) == {
        "/configuration/MemorySize": (128, 256),
        "/configuration/Environment/Variables/TOKEN": ("(sensitive)", "(sensitive)"),
    }
    assert (document["files"], document["problems"]) == ([], [])
    out = house.run("diff", "checkout", "1", "2").out
    assert "  configuration.MemorySize                   128 → 256\n" in out
    assert "TOKEN  (sensitive) → (sensitive)\n" in out
    assert out.endswith("\n2 settings differ.\n")
    assert "sentinel" not in out + json.dumps(document)


def test_files_that_differ_are_listed_with_their_sizes(house: House) -> None:
    before = {"app.py": b"one", "gone.py": b"gone", "same.py": b"same", "lib/x.txt": b"x"}
    after = {"app.py": b"another", "same.py": b"same", "lib/x.txt": b"y", "new.py": b""}
    published(house, before, after)
    document = compared(house, "1", "2")
    assert [(file["path"], file["change"], file["before_bytes"], file["after_bytes"]) for file in document["files"]] == [
        ("app.py", "changed", 3, 7), ("gone.py", "removed", 4, None), ("lib/x.txt", "changed", 1, 1), ("new.py", "added", None, 0)
    ]  # fmt: skip
    assert list(paths(document)) == ["/code/CodeSha256"]
    lines = house.run("diff", "checkout", "1", "2").out.splitlines()
    assert lines[2:6] == ["  ~ app.py  3 B → 7 B", "  - gone.py  4 B", "  ~ lib/x.txt  1 B", "  + new.py  0 B"]
    assert lines[-1] == "1 setting and 4 files differ."


@pytest.mark.parametrize(
    ("arguments", "sides"),
    [
        (("1",), ("1", "$LATEST")),
        (("1", "live"), ("1", "$LATEST")),
        (("stable", "canary"), ("1", "2")),
        (("$LATEST", "2"), ("$LATEST", "2")),
    ],
)
def test_a_side_is_a_version_an_alias_or_what_is_there_now(
    house: House, arguments: tuple[str, ...], sides: tuple[str, str]
) -> None:
    published(house, {"a.py": b"1"}, {"a.py": b"2"})
    house.lambda_.create_alias(FunctionName="checkout", Name="stable", FunctionVersion="1")
    routing = {"AdditionalVersionWeights": {"1": 0.25}}
    house.lambda_.create_alias(FunctionName="checkout", Name="canary", FunctionVersion="2", RoutingConfig=routing)
    document = compared(house, *arguments)
    assert (document["before"]["version"], document["after"]["version"]) == sides


def test_an_alias_of_the_name_live_goes_before_what_is_there_now(house: House) -> None:
    published(house, {"a.py": b"1"}, {"a.py": b"2"})
    house.lambda_.create_alias(FunctionName="checkout", Name="live", FunctionVersion="1")
    assert compared(house, "2", "live")["after"]["version"] == "1"
    assert house.run("diff", "checkout", "2", "live").out.startswith("test/us-west-2/checkout: 2 → live (1)\n")


def test_the_exit_code_tells_whether_something_differs(house: House) -> None:
    published(house, {"a.py": b"1"}, {"a.py": b"2"})
    flag = "--detailed-exitcode"
    assert house.run("diff", "checkout", "2", "$LATEST", flag).exit_code == 0
    assert house.run("diff", "checkout", "1", "2", flag).exit_code == 10
    assert house.run("diff", "checkout", "1", "2").exit_code == 0
    assert house.run("diff", "checkout", "2").out == "test/us-west-2/checkout: 2 → $LATEST\n\nNothing differs.\n"


def test_code_that_nobody_needs_is_not_downloaded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    published(house, {"a.py": b"1"})
    monkeypatch.setattr("reconciler.aws.client.downloaded", None)
    assert compared(house, "1", "$LATEST")["files"] == []


@pytest.mark.parametrize("wrong", ["no version", "no alias"])
def test_a_side_that_is_not_there_is_told(house: House, wrong: str) -> None:
    published(house, {"a.py": b"1"})
    side, words = ("9", "no version 9") if wrong == "no version" else ("stabel", "no alias stabel")
    result = house.run("diff", "checkout", "1", side)
    assert result.exit_code == 26
    assert words in result.err


def test_names_of_files_that_strangers_chose_are_inert(house: House) -> None:
    names = ["../../etc/passwd", "a\x1b[31mred", "##[error]x", "::error::y", "\u202egnp.exe", "b\nc"]
    published(house, {"a.py": b"1"}, {"a.py": b"1", **dict.fromkeys(names, b"x")})
    result = house.run("diff", "checkout", "1", "2")
    assert result.exit_code == 0
    assert all(character.isprintable() or character == "\n" for character in result.out)
    assert "##[error]" not in result.out
    assert not any(line.lstrip().startswith("::") for line in result.out.splitlines())
    assert len(result.out.splitlines()) == 3 + len(names) + 1
    assert not (house.root / "etc").exists()


def test_a_zip_that_unpacks_to_more_than_lambda_takes_is_not_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(house, {"a.py": b"1"}, {"a.py": b"\0" * 10_000_000})
    monkeypatch.setattr("reconciler.files.archive.MAX_UNZIPPED_BYTES", 1_000_000)
    document = compared(house, "1", "2")
    assert document["files"] == []
    assert document["problems"] == ["the files of 2 cannot be compared: the code is more than 1,000,000 bytes unzipped"]
    assert list(paths(document)) == ["/code/CodeSha256"]


def test_a_download_that_is_too_large_or_fails_is_told_without_its_address(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(house, {"a.py": b"1"}, {"a.py": b"2"})
    monkeypatch.setattr("reconciler.commands.comparing.MAX_UNZIPPED_BYTES", 10)
    (large,) = compared(house, "1", "2")["problems"]
    assert large == "the files of 1 cannot be compared: the code is larger than 10 bytes, so it is not read"
    monkeypatch.setattr("reconciler.commands.comparing.MAX_UNZIPPED_BYTES", 10**9)
    house.sandbox._downloads._held.clear()
    monkeypatch.setattr("reconciler.sandbox.around.downloads.Downloads.answer", lambda *_: None)
    result = house.run("diff", "checkout", "1", "2")
    assert re.search(r"the code cannot be downloaded \(HTTP \d+\)", result.out)
    assert "Signature" not in result.out + result.err
    monkeypatch.setattr("reconciler.aws.download.URLLib3Session.send", broken)
    result = house.run("diff", "checkout", "1", "2")
    assert "the code cannot be downloaded (OSError)" in result.out
    assert "secret" not in result.out + result.err


def broken(*_: Any) -> None:
    raise OSError("https://somewhere/?X-Amz-Signature=secret")


def test_images_are_compared_by_their_digest(house: House) -> None:
    house.write("checkout.yaml", function_spec(), stock=False)
    for number in range(2):
        image = f"public.registry/shop/checkout:v{number}"
        if not number:
            house.write("other.yaml", function_spec("other"))  # the role is there
            house.lambda_.create_function(
                FunctionName="checkout", Role=ROLE, PackageType="Image", Code={"ImageUri": image}, Publish=True
            )
        else:
            house.lambda_.update_function_code(FunctionName="checkout", ImageUri=image, Publish=True)
    document = compared(house, "1", "2")
    assert document["problems"] == ["the code of 1 is a container image, so its files are not compared"]
    assert "/code/CodeSha256" in paths(document)


def test_help_has_an_example_of_each() -> None:
    from tests.conftest import reconcile

    for name in ("status", "versions", "diff", "logs", "open", "invoke", "tasks", "functions"):
        assert f"Example: reconcile {name}" in reconcile(name, "--help").out


def test_nothing_is_written(house: House, tmp_path: Path) -> None:
    published(house, {"a.py": b"1"}, {"a.py": b"2"})
    before = sorted(tmp_path.rglob("*"))
    house.run("diff", "checkout", "1", "2")
    house.run("versions", "checkout")
    assert sorted(tmp_path.rglob("*")) == before
