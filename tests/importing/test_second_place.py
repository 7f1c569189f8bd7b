"""An account moves in, and then a second place for all of it: one entry of the defaults that the import wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.commands.importing.proof import Unproved, Witness, proved
from reconciler.commands.rehearsal import fill
from reconciler.commands.workspaces import read
from reconciler.importing.drafts import Draft
from tests.conftest import ACCOUNT, REGION, House, Result
from tests.importing.account import NAMES, open_up, stocked
from tests.importing.moving_in import imports, living, text

ELSEWHERE = "eu-west-1"
IMPORT = ("import", "--all-unmanaged", "--download", "code", "--defaults", "specs/defaults.yaml")


def verbs(house: House) -> set[str]:
    actions = (action for target in house.plan()["targets"] for action in target["actions"])
    return {action["verb"] for action in actions} - {"none"}


@pytest.mark.parametrize("second", ["another account", pytest.param("another region", marks=pytest.mark.sweep)])
def test_a_second_place_for_all_that_was_imported_is_one_entry_of_its_defaults(house: House, second: str) -> None:
    stocked(house)
    assert house.run(*IMPORT).exit_code == 0
    assert house.run("apply", "--yes").exit_code == 0
    before = house.run("plan")
    assert "No changes. What git says is what AWS holds (30 functions" in before.out
    open_up(house.root, second)
    fill(house.sandbox, read([house.root / "specs"]))
    house.sandbox.requests.clear()
    plan = house.run("plan")
    assert plan.exit_code == 0, plan.err
    assert verbs(house) == {"create"}
    assert "shop-orders is made without /configuration/Environment/Variables/STAGE, " in plan.out
    assert house.apply()["outcome"]["status"] == "succeeded"
    assert not {"TagResource", "UpdateFunctionCode", "UpdateFunctionConfiguration"} & set(house.writes())
    after = house.run("plan")
    assert "No changes. What git says is what AWS holds (60 functions" in after.out


def test_an_alias_on_the_newest_version_follows_it_and_others_keep_their_number(house: House) -> None:
    stocked(house)
    lambda_, name = house.lambda_, "shop-orders"
    lambda_.update_function_configuration(FunctionName=name, MemorySize=256)
    lambda_.publish_version(FunctionName=name)
    lambda_.create_alias(FunctionName=name, Name="beta", FunctionVersion="2")
    lambda_.update_function_configuration(FunctionName="shop-stock", MemorySize=256)
    house.sandbox.requests.clear()
    imports(house, "shop-orders", "shop-stock", "--download", "code")
    both = text(house, "shop-orders.yaml")
    assert "\npublish: true\n" in both
    assert 'aliases: {beta: {FunctionVersion: published}, live: {FunctionVersion: "1"}}' in both
    assert "# beta: on the newest version, which is what $LATEST is," in both
    assert (
        "# live: on a version that no place has but this; for another a variant says FunctionVersion: published" in both
    )
    moved_on = text(house, "shop-stock.yaml")
    assert 'aliases: {live: {FunctionVersion: "1"}}' in moved_on
    assert "publish: true\n" not in moved_on
    house.apply()
    assert verbs(house) == set()
    house.write("shop-stock.yaml", moved_on.replace("region: us-west-2", f"region: {ELSEWHERE}"), stock=False)
    config = house.root / "specs/reconcile.yaml"
    config.write_text(config.read_text().replace("[us-west-2]", f"[us-west-2, {ELSEWHERE}]"))
    refused = house.run("plan", "shop-stock")
    assert refused.exit_code == 21
    assert (
        "version 1 does not exist; the function has none; write `published`, with `publish: true`, here or in its"
        in refused.out
    )


def test_buckets_and_registries_that_are_named_by_their_place_are_written_so(house: House) -> None:
    bucket = f"artifacts-{ACCOUNT}-{REGION}"
    spec = f"""
    function: checkout
    configuration: {{Runtime: python3.13, Handler: lambda_function.lambda_handler, Role: "arn:aws:iam::{ACCOUNT}:role/lambda"}}
    code: {{S3Bucket: {bucket}, S3Key: v1.zip}}
    """
    living(house, spec)
    imports(house, "checkout", "--bucket", bucket)
    assert 'code: {S3Bucket: "artifacts-{{ account.id }}-{{ region }}", S3Key: v1.zip}' in text(house)
    assert verbs(house) == {"adopt"}


@pytest.mark.sweep
def test_a_stranger_walks_the_path_by_its_commands(house: House, tmp_path: Path) -> None:
    stocked(house)

    def walks(*words: str) -> Result:
        ran = subprocess.run(
            [sys.executable, "-m", "reconciler", *words], cwd=house.root, capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd()), **house.sandbox.environment(REGION)},
        )  # fmt: skip
        return Result(ran.returncode, ran.stdout, ran.stderr)

    assert "Imported: 30 functions in 30 files." in walks(*IMPORT).out
    assert "30 of 30 targets done" in walks("apply", "--yes").out
    assert "No changes. What git says is what AWS holds (30 functions" in walks("plan").out
    open_up(house.root, "another region")
    fill(house.sandbox, read([house.root / "specs"]))
    assert "30 of 30 targets done" in walks("apply", "--yes").out
    assert f"({2 * len(NAMES)} functions" in walks("plan").out


def test_specs_that_cannot_extend_the_defaults_are_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    stocked(house)

    def refused(draft: Draft, witness: Witness, write: Callable[[Draft], str], path: str) -> tuple[Draft, str]:
        if path == "specs/shop-orders.yaml":
            raise Unproved("for once")
        return proved(draft, witness, write, path)

    monkeypatch.setattr("reconciler.commands.importing.sharing.proved", refused)
    out = imports(house, "--function", "shop-*", "--defaults", "specs/all.yaml").out
    assert "note: 1 spec could not extend specs/all.yaml: specs/shop-orders.yaml\n" in out
    assert "extends" not in text(house, "shop-orders.yaml")
    assert verbs(house) == {"adopt"}
