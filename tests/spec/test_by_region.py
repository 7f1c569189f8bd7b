"""What a spec says of one region alone is laid over what it says of all, by one rule; every value keeps its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.spec.reading import read, refusal

SPEC = """function: checkout
account: test
regions: [us-west-2, eu-west-1]
configuration:
  MemorySize: 512
  VpcConfig: {SubnetIds: [subnet-1, subnet-2], SecurityGroupIds: [sg-1]}
  Layers: ["arn:aws:lambda:us-west-2:123456789012:layer:shared:3"]
by_region:
  eu-west-1:
    configuration:
      VpcConfig: {SubnetIds: [subnet-9]}
      Layers: null
"""


def by_region(root: Path, text: str) -> dict[str, dict[str, Any]]:
    return {spec.target.region: dict(spec.desired[0].properties["configuration"]) for spec in read(root, a=text).specs}


def test_maps_are_laid_over_by_key_and_all_else_is_replaced(tmp_path: Path) -> None:
    found = by_region(tmp_path, SPEC)
    assert found["us-west-2"]["VpcConfig"] == {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert found["eu-west-1"] == {
        "MemorySize": 512, "VpcConfig": {"SubnetIds": ["subnet-9"], "SecurityGroupIds": ["sg-1"]}
    }  # fmt: skip


def test_a_value_of_one_region_keeps_its_own_place(tmp_path: Path) -> None:
    there = next(spec for spec in read(tmp_path, a=SPEC).specs if spec.target.region == "eu-west-1")
    assert there.origins["/configuration/VpcConfig/SubnetIds"].line == 11
    assert there.origins["/configuration/MemorySize"].line == 5


def test_what_comes_of_it_is_checked_at_that_place(tmp_path: Path) -> None:
    (line,) = refusal(tmp_path, a=SPEC.replace("SubnetIds: [subnet-9]", "SubnetIds: [nonsense]"))
    assert line.startswith('specs/a.yaml:11:31: configuration.VpcConfig.SubnetIds[0] is "nonsense"')


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  eu-west-1:\n", "  eu-west-3:\n", "this spec is not for eu-west-3, but for eu-west-1, us-west-2"),
        ("    configuration:\n      VpcConfig", "    function: other\n    configuration:\n      VpcConfig", "function"),
    ],
    ids=["another region", "a key that is no section"],
)
def test_it_speaks_of_sections_in_regions_of_the_spec(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert any(told in line for line in refusal(tmp_path, a=SPEC.replace(old, new)))
