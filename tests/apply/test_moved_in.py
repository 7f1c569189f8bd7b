"""Ten configurations of other tools' users, each said once for two accounts and two regions: where they were they are what they were."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from reconciler.commands.rehearsal import fill
from reconciler.commands.workspaces import Workspace, read
from reconciler.spec.references import resolved
from tests.conftest import ACCOUNT, CONFIG, House

HERE = Path(__file__).parent / "moved_in"
ONCE, BEFORE = HERE / "specs", sorted((HERE / "originals").glob("*.yaml"))
STAGING = CONFIG.replace("name: test", "name: staging")


def said(workspace: Workspace, place: str) -> dict[str, Any]:
    """What specs say of the functions of a place, by function, and whether they publish."""
    specs = [resolved(spec, ACCOUNT, {}) for spec in workspace.specs.specs if str(spec.target).startswith(place)]
    return {
        spec.target.function: (spec.publish, {item.key: item.properties for item in spec.desired}) for spec in specs
    }


def test_ten_functions_for_two_accounts_and_two_regions_are_at_most_fourteen_files() -> None:
    assert len(BEFORE) == 10
    assert len([*ONCE.rglob("*.*")]) <= 14


def test_where_they_were_they_are_what_they_were(tmp_path: Path) -> None:
    (tmp_path / "reconcile.yaml").write_text(STAGING)
    for path in BEFORE:
        text = path.read_text().replace("S3Bucket: artifacts,", "S3Bucket: artifacts-staging-us-west-2,")
        (tmp_path / path.name).write_text(text)
    before, now = said(read([tmp_path]), "staging/us-west-2"), said(read([ONCE]), "staging/us-west-2")
    assert len(before) == 10
    assert now == before


@pytest.mark.sweep
def test_they_apply_everywhere_and_leave_nothing_to_do(house: House) -> None:
    shutil.rmtree(house.root / "specs")
    shutil.copytree(ONCE, house.root / "specs")
    fill(house.sandbox, read([house.root / "specs"]))
    validated = house.run("validate")
    assert (validated.exit_code, validated.out.splitlines()[-1]) == (0, "10 specs valid, 40 targets."), validated.err
    report = house.apply()
    assert report["outcome"]["status"] == "succeeded"
    house.sandbox.requests.clear()
    second = house.run("apply", "--yes")
    assert (second.exit_code, "(40 functions, " in second.out, house.writes()) == (0, True, [])
    held = [
        house.sandbox.clients.get("lambda", account, "eu-west-1").get_function_configuration(FunctionName="order-api")
        for account in (ACCOUNT, "210987654321")
    ]
    assert [one["MemorySize"] for one in held] == [2048, 3008]
