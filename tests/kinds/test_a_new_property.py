"""A property of a botocore that is newer than this release, of each kind: no line of the product names it, and it is taken, sent,
compared, and never lost in silence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kinds.newer_botocore import ENTRIES, HAVE_THEM, values_of

LEAVES = {
    *("NewFlag", "NewNumber", "NewText", "NewTexts"),
    *("NewStructure/Mode", "NewStructure/IsOn", "NewStructure/Detail/Depth", "NewStructure/Detail/Texts"),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("newer")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.kinds.newer_botocore", str(folder)]
    made = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


SCENES = pytest.mark.parametrize(
    "scene", [f"{section}, {when}" for section in HAVE_THEM for when in ("created", "updated")]
)


@SCENES
def test_it_is_taken_and_sent_and_the_next_plan_is_empty(told: Any, scene: str) -> None:
    assert (told[scene]["started"], told[scene]["validated"], told[scene]["applied"]) == (0, 0, 0)
    assert told[scene]["held"] == values_of(scene.partition(",")[0])
    assert told[scene]["again"] == {}


@SCENES
def test_what_git_dropped_of_it_is_named(told: Any, scene: str) -> None:
    section = scene.partition(",")[0]
    if section == "permissions":  # a statement is written whole
        assert told[scene]["dropped"]["test/us-west-2/one/permission/live/a"] == "update"
        return
    at = {name: "/".join([name, *names]) for name, (names, _) in ENTRIES.items()}
    (warning,) = told[scene]["warnings"]
    named = warning.partition("AWS holds ")[2].partition(", which")[0].split(", ")
    assert set(named) == {f"/{at.get(section, section)}/{leaf}" for leaf in LEAVES}
    assert set(told[scene]["dropped"].values()) == {"none"}
