"""What counts as a spec, what an export says, what `invoke` asks for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.conftest import CONFIG, House, function_spec

TEMPLATE = "AWSTemplateFormatVersion: '2010-09-09'\nDescription: not ours\nResources: {}\n"
ALIASES = "aliases: {live: {FunctionVersion: '1', RoutingConfig: {AdditionalVersionWeights: {'1': 0.0}}}}\n"


# --- what is a spec ------------------------------------------------------------------------------------------------


def test_other_yaml_below_the_specs_is_named_once_and_passed_over(house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    house.write("src/template.yaml", TEMPLATE)
    house.write("src/list.yml", "- a\n- b\n")
    result = house.run("validate")
    assert (result.exit_code, result.out) == (0, "1 spec valid, 1 target.\n")
    assert "specs/src/template.yaml:1:1: warning: is no spec: its first key is 'AWSTemplateFormatVersion'" in result.err
    assert result.err.count("template.yaml") == 1
    assert "specs/src/list.yml:1:1: warning: is no spec: it is a list; name it in .reconcileignore" in result.err


def test_reconcileignore_leaves_files_and_folders_out_in_silence(house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    house.write("src/template.yaml", TEMPLATE)
    house.write("src/broken.yaml", "a: [")
    house.write("charts/deep/values.yaml", "a: !Ref b\n")
    assert house.run("validate").exit_code == 20
    (house.root / "specs" / ".reconcileignore").write_text("# code\nsrc/*.yaml\n/charts/\n")
    for arguments in (["validate"], ["validate", "specs"]):
        result = house.run(*arguments)
        assert (result.exit_code, result.err) == (0, "")


def test_reconcileignore_means_the_same_from_a_folder_below(house: House) -> None:
    house.write("shop/one.yaml", function_spec("one"))
    house.write("shop/src/template.yaml", TEMPLATE)
    (house.root / "specs" / ".reconcileignore").write_text("/shop/src/\n")
    assert house.run("validate", "specs/shop").err == ""


def test_a_file_that_is_named_is_a_spec_or_a_mistake(house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    house.write("src/template.yaml", TEMPLATE)
    result = house.run("validate", "specs/one.yaml", "specs/src/template.yaml")
    assert result.exit_code == 20
    assert "specs/src/template.yaml:1:1: AWSTemplateFormatVersion is not a key of a spec" in result.err


@pytest.mark.parametrize(
    "text",
    [
        "functoin: one\naccount: test\nregion: us-west-2\n",
        "account: test\nregion: us-west-2\nconfiguration: {}\n",
        "x: 1\nfunction: one\n",
        "FUNCTION: one\nregion: us-west-2\n",
        "",
    ],
)
def test_a_spec_that_went_wrong_is_never_passed_over(text: str, house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    house.write("two.yaml", text, stock=False)
    assert house.run("validate").exit_code == 20


def test_a_folder_of_other_files_only_has_no_spec(house: House) -> None:
    house.write("src/template.yaml", TEMPLATE, stock=False)
    result = house.run("validate")
    assert result.exit_code == 20
    assert "and there is no other file" in result.err


def test_a_reconcileignore_that_is_none_is_told(house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    ignore = house.root / "specs" / ".reconcileignore"
    ignore.write_text("x" * 2_000)
    result = house.run("validate")
    assert result.exit_code == 20
    assert "specs/.reconcileignore:1:1: cannot be read: line 1 has 2,000 characters" in result.err
    ignore.unlink()
    ignore.symlink_to("/etc/hostname")
    assert "is a link, no regular file, or too large" in house.run("validate").err


def test_what_a_shell_makes_of_a_star_works(house: House) -> None:
    for name in ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name))
    paths = sorted(str(path.relative_to(house.root)) for path in (house.root / "specs").glob("*.yaml"))
    assert "specs/reconcile.yaml" in paths
    assert house.run("plan", *paths).exit_code == 0
    assert house.run("plan", "specs/reconcile.yaml").exit_code == 20


# --- weights -------------------------------------------------------------------------------------------------------


def test_a_share_of_zero_is_no_routing(house: House) -> None:
    house.write("one.yaml", function_spec("one", extra="publish: true\n" + ALIASES))
    house.apply()
    assert house.verbs() == {}
    assert "RoutingConfig" not in house.lambda_.get_alias(FunctionName="one", Name="live")
    latest = (
        "aliases: {live: {FunctionVersion: $LATEST, RoutingConfig: {AdditionalVersionWeights: {'1': 0, '2': 0.0}}}}\n"
    )
    house.write("one.yaml", function_spec("one", extra=latest))
    assert house.run("validate").exit_code == 0


# --- exports -------------------------------------------------------------------------------------------------------


def test_an_export_is_a_valid_spec_with_what_cannot_be_known_marked(house: House) -> None:
    house.write("reconcile.yaml", CONFIG + "managedBy: example/shop\n", stock=False)
    more = (
        "publish: true\ntags: {team: a}\naliases: {live: {FunctionVersion: published}}\nevent_source_mappings:\n"
        "  q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q', alias: live}\n"
        "  s: {EventSourceArn: 'arn:aws:kinesis:us-west-2:123456789012:stream/s', StartingPosition: AT_TIMESTAMP, "
        "StartingPositionTimestamp: '2026-01-31T12:00:00Z'}\n"
    )
    house.write("one.yaml", function_spec("one", extra=more, configuration="Environment: {Variables: {TOKEN: geheim}}"))
    house.apply()
    house.lambda_.add_permission(
        FunctionName="one", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    house.write("one.yaml", "function: one\naccount: test\nregion: us-west-2\nstate: absent\n")
    (export,) = house.apply()["exports"]
    spec = export["spec"]
    assert (spec["code"]["S3Bucket"], spec["code"]["S3Key"], len(spec["code"]["sha256"])) == ("UNKNOWN", "UNKNOWN", 44)
    assert spec["configuration"]["Environment"]["Variables"] == {"TOKEN": "(sensitive)"}
    assert spec["tags"] == {"team": "a"}
    assert "s3.amazonaws.com" in spec["policy"]
    house.write("one.yaml", json.dumps(spec))
    result = house.run("validate")
    assert result.exit_code == 0, result.err
    assert "policy is AWS's answer, not a setting; it is ignored" in result.err


# --- invoke --------------------------------------------------------------------------------------------------------


@pytest.fixture
def spread(house: House) -> House:
    """One function in two regions of one of two accounts."""
    two = "regions: [us-west-2, eu-west-1]"
    other = '    - {name: other, lambdaEnabled: true, accountId: "210987654321", regions: [us-west-2]}\n'
    house.write("reconcile.yaml", CONFIG.replace("regions: [us-west-2]", two) + other, stock=False)
    house.write("one.yaml", function_spec("one").replace("region: us-west-2", two))
    return house


def test_invoke_asks_only_for_what_is_open(spread: House) -> None:
    result = spread.run("invoke", "one")
    assert result.exit_code == 2
    assert "which region? pass --region, one of eu-west-1, us-west-2" in result.err
    assert "which account" not in result.err
    unknown = spread.run("invoke", "nobody")
    assert "which account? pass --account, one of other, test" in unknown.err


def test_invoke_finds_a_function_though_another_spec_is_broken(spread: House) -> None:
    spread.apply()
    spread.write("two.yaml", "function: two\naccount: test\nregion: us-west-2\nconfiguration: {Timout: 3}\n")
    result = spread.run("invoke", "one", "--region", "us-west-2")
    assert "which" not in result.err
    assert result.exit_code != 2, result.err


# --- the examples --------------------------------------------------------------------------------------------------


def test_the_example_specs_plan_on_an_empty_account_and_say_what_is_missing(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    with Sandbox(settle_seconds=0) as sandbox:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        planned = subprocess.run(
            [sys.executable, "-m", "reconciler", "plan", str(root / "specs"), "--format", "json"],
            env={**kept, **sandbox.environment("us-west-2"), "PYTHONPATH": str(root)},
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert planned.returncode == 21, planned.stderr
    plan = json.loads(planned.stdout)
    refused = {note["address"]: note["message"] for note in plan["diagnostics"] if note["severity"] == "refusal"}
    of_s3 = ("audit", "checkout", "nightly", "orders", "ranking", "search", "storefront", "thumbnails")
    assert set(refused) == {f"test/us-west-2/{name}" for name in of_s3}
    assert all("does not exist; upload the code first" in message for message in refused.values())
