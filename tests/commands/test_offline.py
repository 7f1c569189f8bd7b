"""What asks AWS nothing loads nothing that could: botocore alone takes longer than all that such a command does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler import __version__
from tests.conftest import House, function_spec
from tests.manual import usage

NARROW = {name: value for name, value in os.environ.items() if name != "COLUMNS"}

LOADED = """
import sys
sys.argv = ["reconcile", *sys.argv[1:]]
from reconciler.cli import main
try: main()
finally: print(*sorted({name.partition(".")[0] for name in sys.modules} & {"boto3", "botocore", "git", "jsonschema", "deepdiff"}), file=sys.stderr)
"""


# A plan compares by what botocore's service model calls sensitive, which needs no client of AWS.
@pytest.mark.parametrize(
    ("words", "loaded"),
    [("validate", ""), ("show", ""), ("tasks", ""), ("targets", ""), ("plan --snapshot snapshot.json", "botocore")],
)
def test_an_offline_command_loads_nothing_that_asks_aws(house: House, words: str, loaded: str) -> None:
    house.write("checkout.yaml", function_spec(extra="tags: {team: shop}"))
    house.apply()
    assert house.run("snapshot", "-o", str(house.root / "snapshot.json")).exit_code == 0
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED, *words.split()],
        cwd=house.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (0, loaded), ran.stderr


@pytest.mark.parametrize("word", ["--version", "--help", "-h"])
def test_what_needs_nothing_else_is_told_before_that_is_loaded(word: str) -> None:
    script = (
        f"import sys; before = {{*sys.modules}}; sys.argv = ['reconcile', '{word}']\n"
        "from reconciler.__main__ import main\n"
        "main()\nprint({name for name in {*sys.modules} - before if name.partition('.')[0] not in sys.stdlib_module_names})"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=NARROW)
    *told, loaded = ran.stdout.splitlines()
    assert told[0] in (f"reconcile, version {__version__}", "Usage: reconcile [OPTIONS] COMMAND [ARGS]...")
    assert sorted(eval(loaded)) == ["reconciler", "reconciler.__main__"]


@pytest.mark.parametrize("word", ["--version", "--help", "-h"])
def test_what_is_told_at_once_is_what_the_command_line_tells(word: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", word], capture_output=True, text=True, check=True, env=NARROW
    )
    whole = subprocess.run(
        [sys.executable, "-m", "reconciler", "-C", ".", word], capture_output=True, text=True, check=True, env=NARROW
    )
    assert ran.stdout == whole.stdout


@pytest.mark.parametrize("columns", usage.FILES)
def test_the_help_that_travels_with_the_package_is_that_of_the_commands(columns: int) -> None:
    assert usage.FILES[columns].read_text(encoding="ascii") == usage.text(columns)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("word", ["--version", "--help"])
def test_what_cannot_be_told_for_want_of_room_is_an_error_without_a_traceback(word: str) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "reconciler", word], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ran.returncode, ran.stderr) == (2, "error: stdout: cannot be written: No space left on device\n")
