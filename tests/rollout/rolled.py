"""A function whose alias moves in steps, on a sandbox: what git says of it, and where the alias is."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from reconciler.rollout.marker import Marker, split
from tests.conftest import ROLE, House

ANSWERS = "def lambda_handler(event, context):\n    return {'statusCode': 200, 'release': %r}\n"
STEPS = "[{weight: 0.05, bake: 10m}, {weight: 0.25, bake: 30m}, approve, {weight: 0.5, bake: 1h}]"
LIVE = "test/us-west-2/checkout/alias/live"


def says(
    house: House, *, rollout: str = f"{{steps: {STEPS}}}", version: str = "published", extra: str = "", configuration: str = "", alias: str = "", name: str = "checkout"
) -> None:  # fmt: skip
    """Git's word: an alias with a rollout, none where that is empty."""
    moves = f"\n    rollout: {rollout}" if rollout else ""
    house.write(
        f"{name}.yaml",
        f"function: {name}\naccount: test\nregion: us-west-2\n"
        f"configuration:\n  Runtime: python3.13\n  Handler: lambda_function.lambda_handler\n  Role: {ROLE}\n"
        f"{textwrap.indent(textwrap.dedent(configuration), '  ')}\n"
        f"code: {{path: src/{name}}}\npublish: true\n"
        f'aliases:\n  live:\n    FunctionVersion: "{version}"{moves}\n{textwrap.indent(alias, "    ")}\n{extra}',
    )


def releases(house: House, release: str, *, text: str = "", name: str = "checkout") -> None:
    """Code that git has from now on."""
    folder = house.root / "specs" / "src" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lambda_function.py").write_text(text or ANSWERS % release)


def event(house: House, content: Any = None) -> None:
    folder = house.root / "specs" / "events"
    folder.mkdir(exist_ok=True)
    (folder / "order.json").write_text(json.dumps({} if content is None else content))


def lives(house: House, *names: str, **said: Any) -> None:
    """Version 1 with all traffic, applied; the writes forgotten."""
    for name in names or ("checkout",):
        releases(house, "one", name=name)
        says(house, name=name, **said)
    applies(house)
    house.writes()


def applies(house: House, *flags: str) -> None:
    result = house.run("apply", "--yes", *flags)
    assert result.exit_code == 0, result.err


def alias(house: House, name: str = "checkout") -> tuple[str, dict[str, float], str]:
    """Version, weights and Description as AWS has them."""
    answer: dict[str, Any] = house.lambda_.get_alias(FunctionName=name, Name="live")
    return (
        answer["FunctionVersion"],
        answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}),
        answer.get("Description", ""),
    )


def marker(house: House, name: str = "checkout") -> Marker | None:
    return split(alias(house, name)[2])[1]


def traffic(house: House, name: str = "checkout") -> tuple[str, dict[str, float]]:
    return alias(house, name)[:2]


def action(house: House, *flags: str) -> dict[str, Any]:
    """What plan says of the alias."""
    actions = [item for target in house.plan(*flags)["targets"] for item in target["actions"]]
    found: dict[str, Any] = next(item for item in actions if item["address"] == LIVE)
    return found
