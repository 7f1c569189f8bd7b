"""Many functions of one directory: packed once, and no package whole in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import reconciler
from tests.conftest import REGION, ROLE, House
from tests.files.packed import counted

MEGABYTE = 1 << 20
RUN = """
import resource, subprocess, sys
ran = subprocess.run([sys.executable, "-m", "reconciler", *sys.argv[1:]], stdout=subprocess.DEVNULL)
print(ran.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.fixture
def alike(house: House) -> House:
    """Eight functions of one directory."""
    source = house.root / "src"
    source.mkdir()
    (source / "app.py").write_text("def handler(event, context):\n    return 1\n")
    for number in range(8):
        house.write(
            f"f{number}.yaml",
            f"function: f{number}\naccount: test\nregion: us-west-2\ncode: {{path: ../src}}\n"
            f"configuration: {{Runtime: python3.13, Handler: app.handler, Role: '{ROLE}'}}\n",
        )
    return house


def test_one_directory_is_packed_once_for_plan_and_apply_together(
    alike: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = counted(monkeypatch)
    assert alike.apply()["outcome"]["status"] == "succeeded"
    assert packed == ["src"]
    assert alike.writes() == ["CreateFunction"] * 8
    assert alike.verbs() == {}


def test_what_is_sent_is_what_was_shown_though_it_changed_meanwhile(
    alike: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.apply import perform

    begin = perform.begin

    def late(*given: object) -> None:
        (alike.root / "src" / "app.py").write_text("another")
        begin(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("reconciler.commands.run.begin", late)
    assert alike.apply()["outcome"]["status"] == "succeeded"
    assert set(alike.verbs().values()) == {"update"}


def test_a_run_needs_no_memory_for_its_packages(alike: House) -> None:
    with (alike.root / "src" / "large.bin").open("wb") as file:
        file.truncate(16 * MEGABYTE)
    environment = {
        **os.environ,
        **alike.sandbox.environment(REGION),
        "PYTHONPATH": str(Path(reconciler.__file__).parents[1]),
    }
    command = [sys.executable, "-c", RUN, "apply", "--yes"]
    ran = subprocess.run(command, cwd=alike.root, env=environment, capture_output=True, text=True, check=True)
    code, kilobytes = map(int, ran.stdout.split())
    assert code == 0
    assert kilobytes < 150 * 1024
    assert len(alike.writes()) == 8
