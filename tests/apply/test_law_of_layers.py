"""The law over layers and the functions that refer to them: apply, then plan, is empty, from any state; and nothing is published twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apply.houses import OURS
from tests.conftest import ACCOUNT, REGION, House, function_spec, opened

HEAD = {"layer": "shared", "account": "test", "region": REGION}
DRAWS = [pytest.param(10, id="a few"), pytest.param(60, id="many", marks=pytest.mark.sweep)]
NAMES = ("a", "b")


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    """A layer's file: its content, what is said of it, how many versions stay."""
    if not draw(st.integers(0, 4)):
        return {**HEAD, "state": "absent"}
    document: dict[str, Any] = {
        **HEAD,
        "code": {"S3Bucket": "artifacts", "S3Key": draw(st.sampled_from(["l1.zip", "l2.zip"]))},
    }
    if draw(st.booleans()):
        document["configuration"] = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "Description": st.sampled_from(["", "one", "two"]),
                    "LicenseInfo": st.just("MIT"),
                    "CompatibleRuntimes": st.sampled_from([[], ["python3.13", "python3.12"]]),
                    "CompatibleArchitectures": st.just(["arm64", "x86_64"]),
                },
            )
        )
    if draw(st.booleans()):
        document["keep"] = draw(st.integers(1, 2))
    return document


@st.composite
def houses(draw: st.DrawFn) -> dict[str, str]:
    """Files of a layer and of two functions, which have it or not, publish or not."""
    layer = draw(layers())
    files = {"shared": yaml.safe_dump(layer)}
    for name in NAMES:
        refers = "state" not in layer and draw(st.booleans())
        configuration = "Layers: [\"{{ layer('shared') }}\"]\n" if refers else "Layers: []\n"
        extra = "publish: true\n" if draw(st.booleans()) else ""
        files[name] = function_spec(name, configuration=configuration, extra=extra)
    return files


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with pytest.MonkeyPatch.context() as patch, opened(patch) as sandbox:
        house = House(tmp_path_factory.mktemp("law"), sandbox)
        house.write("reconcile.yaml", OURS, stock=False)
        for key in ("l1.zip", "l2.zip"):
            house.write("shared.yaml", yaml.safe_dump({**HEAD, "code": {"S3Bucket": "artifacts", "S3Key": key}}))
        house.write("a.yaml", function_spec("a"))
        yield house


def settle(house: House, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        house.write(f"{name}.yaml", text, stock=False)
    report = house.apply()
    assert report["outcome"]["exit_code"] == 0, report["tasks"]


@pytest.mark.parametrize("draws", DRAWS)
def test_apply_then_plan_is_empty_from_any_state(shared: House, draws: int) -> None:
    @settings(deadline=None, max_examples=draws, suppress_health_check=list(HealthCheck))
    @given(before=st.none() | houses(), after=houses())
    def holds(before: dict[str, str] | None, after: dict[str, str]) -> None:
        region, _ = shared.sandbox.gate.region(ACCOUNT, REGION)
        region.functions.clear()
        region.layers.clear()
        if before:
            settle(shared, before)
        settle(shared, after)
        assert shared.verbs() == {}
        shared.writes()
        settle(shared, after)
        assert shared.writes() == []

    holds()
