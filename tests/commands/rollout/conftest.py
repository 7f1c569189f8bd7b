from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.commands.rollout.scenes import BEGUN, Clock, Scene
from tests.conftest import CONFIG, House, opened


@pytest.fixture
def clock() -> Clock:
    return Clock(BEGUN)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Sandbox]:
    with opened(monkeypatch, clock) as made:
        yield made


@pytest.fixture
def scene(tmp_path: Path, sandbox: Sandbox, clock: Clock) -> Scene:
    """Two versions, the alias on the first, the spec of a rollout; nothing is begun."""
    house = House(tmp_path, sandbox)
    house.write("reconcile.yaml", CONFIG, stock=False)
    made = Scene(house, clock)
    made.spec()
    made.versions()
    return made
