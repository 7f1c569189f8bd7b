"""`reconcile help`: the manual travels in the package; a name that is not there is told with the nearest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.commands.handbook import pages
from tests.conftest import reconcile

TOPICS = ("daily", "decisions", "documents", "github", "rules", "safety", "sandbox", "specs")


def test_without_a_topic_all_are_listed_with_their_titles() -> None:
    result = reconcile("help")
    assert (result.exit_code, result.err) == (0, "")
    assert [line.split()[0] for line in result.out.splitlines() if line.startswith("  ")] == list(TOPICS)
    assert "specs      what a YAML file says, and who owns what\n" in result.out


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_is_printed_as_it_is_written_but_for_what_only_its_test_must_know(topic: str) -> None:
    result = reconcile("help", topic)
    assert (result.exit_code, result.err) == (0, "")
    assert result.out.startswith("# ")
    assert "<!--" not in result.out
    assert result.out == pages()[topic]()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("spec", "specs"), ("Safety", "safety"), ("githb", "github"), ("aply", "apply"), ("sandboxes", "sandbox")],
)
def test_an_unknown_topic_is_a_usage_error_with_the_nearest_name_and_the_list(name: str, nearest: str) -> None:
    result = reconcile("help", name)
    assert (result.exit_code, result.out) == (2, "")
    assert f"did you mean {nearest}?" in result.err
    assert ", ".join(TOPICS) in result.err


def test_a_topic_that_is_like_nothing_gets_the_list() -> None:
    result = reconcile("help", "\x1b[31mzzzz")
    assert result.exit_code == 2
    assert "did you mean" not in result.err
    assert ", ".join(TOPICS) in result.err
    assert "\x1b" not in result.err


def test_of_a_command_it_prints_what_that_takes() -> None:
    assert reconcile("help", "plan").out == reconcile("plan", "--help").out


def test_help_loads_neither_boto3_nor_botocore() -> None:
    script = (
        "import sys; sys.argv = ['reconcile', 'help', 'safety']\n"
        "from reconciler.cli import main\n"
        "try: main()\nfinally: print([name for name in ('boto3', 'botocore', 'jinja2') if name in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.strip()) == (0, "[]")
    assert ran.stdout.startswith("# Safety")


def test_the_manual_is_in_the_package() -> None:
    folder = Path(sys.modules["reconciler"].__path__[0]) / "manual"
    assert sorted(page.stem for page in folder.glob("*.md")) == list(TOPICS)
