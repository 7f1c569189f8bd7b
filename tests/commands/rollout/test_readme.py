"""README's canary, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands.rollout.scenes import Clock, Scene
from tests.conftest import ACCOUNT, REGION, House
from tests.rollout.rolled import applies, marker, traffic

README = (Path(__file__).parents[3] / "README.md").read_text()
SPEC = next(block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "rollout:" in block)
NAME = "shop/checkout.yaml"


@pytest.fixture
def shop(scene: Scene) -> House:
    """The function is there as README says, version 1 with all of the traffic."""
    scene.house.remove("checkout.yaml")
    scene.lambda_.delete_function(FunctionName="checkout")
    token = {"Name": "/shop/token", "Value": "t0ken-of-the-shop", "Type": "SecureString"}
    scene.house.sandbox.clients.get("ssm", ACCOUNT, REGION).put_parameter(**token)
    scene.house.write(NAME, SPEC)
    applies(scene.house)
    return scene.house


def releases(shop: House, megabytes: int) -> None:
    shop.write(NAME, SPEC.replace("MemorySize: 512", f"MemorySize: {megabytes}"))
    applies(shop)


def test_a_good_release_takes_two_steps_and_the_plan_is_empty_at_each(shop: House, scene: Scene, clock: Clock) -> None:
    releases(shop, 1024)
    for share in (0.25, 0.75):
        assert (traffic(shop), shop.verbs()) == (("1", {"2": share}), {})
        clock.go_on(10)
        scene.both()
        assert shop.run("rollout", "advance").exit_code == 0
    assert (traffic(shop), marker(shop), shop.verbs()) == (("2", {}), None, {})


def test_a_release_that_fails_goes_back_by_itself(shop: House, scene: Scene, clock: Clock) -> None:
    releases(shop, 1024)
    clock.go_on(5)
    scene.both(100, errors=3)
    assert shop.run("rollout", "advance").exit_code == 27
    assert (traffic(shop), shop.verbs()) == (("1", {}), {})
