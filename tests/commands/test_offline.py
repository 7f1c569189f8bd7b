"""What asks AWS nothing loads nothing that could: botocore alone takes longer than all that such a command does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import House, function_spec

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


def test_the_version_is_told_before_anything_else_is_loaded() -> None:
    script = (
        "import sys; before = {*sys.modules}; sys.argv = ['reconcile', '--version']\n"
        "from reconciler.__main__ import main\n"
        "main()\nprint({name for name in {*sys.modules} - before if name.partition('.')[0] not in sys.stdlib_module_names})"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    version, loaded = ran.stdout.splitlines()
    assert version.startswith("reconcile, version ")
    assert sorted(eval(loaded)) == ["reconciler", "reconciler.__main__"]


def test_the_version_is_told_as_the_command_line_tells_it() -> None:
    ran = subprocess.run([sys.executable, "-m", "reconciler", "--version"], capture_output=True, text=True, check=True)
    whole = subprocess.run(
        [sys.executable, "-m", "reconciler", "-C", ".", "--version"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == whole.stdout
