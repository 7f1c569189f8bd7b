"""`reconcile demo --rollout`: the story is of real commands, and ends where one of them ends otherwise than is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.commands import demo_rollout
from reconciler.commands.demo_rollout import Chapter, Command
from tests.conftest import reconcile
from tests.manual.blocks import ROOT


@pytest.mark.sweep
def test_a_good_release_is_done_and_a_bad_one_goes_back(tmp_path: Path) -> None:
    """A minute of its own, of real processes; shorter parts of it are in the tests below."""
    command = [sys.executable, "-m", "reconciler", "demo", "--rollout", "--keep", str(tmp_path)]
    ended = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert "rollout to published: 25 % → 75 % → 100 %" in ended.stdout
    assert "3 was rejected" in ended.stdout
    records = [json.loads(path.read_text()) for path in (tmp_path / "reports/rollouts").rglob("*.json")]
    assert {record["candidate"]: record["status"] for record in records} == {"2": "done", "3": "rejected"}
    judged = [tick for record in records for tick in record["ticks"] if tick["by"] != "apply"]
    assert judged
    assert all(tick["evidence"] for tick in judged)


def story(monkeypatch: pytest.MonkeyPatch, *commands: Command) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(demo_rollout, "CHAPTERS", (Chapter("A story", commands, greeting="Hello"),))


def test_its_commands_find_the_sandbox_and_nothing_of_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    story(monkeypatch, Command("validate"), Command("plan --detailed-exitcode", 10))
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("RECONCILE_PLAN_FORMAT", "json")
    told = reconcile("demo", "--rollout", "--keep", str(tmp_path))
    assert (told.exit_code, told.err) == (0, ""), told.out
    assert "$ reconcile validate\n" in told.out
    assert "+ alias/live" in told.out
    assert "exit code 10\n" in told.out


def test_a_command_that_ends_otherwise_ends_the_story(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    story(monkeypatch, Command("validate", 20), Command("plan"))
    told = reconcile("demo", "--rollout", "--keep", str(tmp_path))
    assert told.exit_code == 1
    assert "this ended with 0, not with 20" in told.err
    assert "$ reconcile plan" not in told.out
