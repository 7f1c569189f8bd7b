"""What a person approves by hand, by the digest of a plan: that and nothing else, and to the end."""

from __future__ import annotations

import re

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.commands.ci.merging import Shop, shop_of
from tests.commands.ci.test_apply import timed, timeout
from tests.conftest import House, Result
from tests.github.fake import Hub


@pytest.fixture
def shop(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Two functions are changed straight on main, and refused."""
    made = shop_of(house, hub, monkeypatch, {"one.yaml": timed("one", 3), "two.yaml": timed("two", 3)})
    for name in ("one", "two"):
        made.house.write(f"{name}.yaml", timed(name, 9))
    made.commit("straight to main")
    assert made.applied().exit_code == 23
    return made


def approved(shop: Shop, digest: str) -> Result:
    return shop.applied("--approve", digest, event="workflow_dispatch")


def test_what_fails_half_way_is_approved_again_by_the_digest_that_the_run_tells(shop: Shop) -> None:
    shop.house.sandbox.gate.script = Script(
        [Fault("UpdateFunctionConfiguration", nth=2, status=403, code="AccessDeniedException")]
    )
    assert approved(shop, shop.outputs["digest"]).exit_code == 25
    shop.house.sandbox.gate.script = Script([])
    (told,) = re.findall("`approve` = `([0-9a-f]{64})`", shop.summary)
    assert "re-run the failed jobs" not in shop.summary  # they would approve what is not the whole plan any more
    result = approved(shop, told)
    assert result.exit_code == 0, result.err
    assert (timeout(shop, "one"), timeout(shop, "two")) == (9, 9)


def test_where_nothing_is_left_to_do_any_digest_will_do(shop: Shop) -> None:
    """As in a second workspace, whose job is started by the same hand."""
    digest = shop.outputs["digest"]
    assert approved(shop, digest).exit_code == 0
    assert approved(shop, digest).exit_code == 0
    assert shop.outputs["outcome"] == "unchanged"
