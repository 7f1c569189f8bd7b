"""The same fleet through Terraform, where it is on PATH with its AWS provider: a cold apply, and a plan without changes."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.benchmarks import fleet
from tests.benchmarks.aws import Running
from tests.benchmarks.aws.canned import Settings
from tests.benchmarks.fleets import row
from tests.benchmarks.measuring import Row, run
from tests.sandbox.test_terraform import Terraform, mirror


def is_there() -> bool:
    return bool(shutil.which("terraform") and mirror())


def side_by_side(aws: Running, folder: Path, size: int) -> list[Row]:
    """Its own bound is not told: it asks for more than there need be."""
    aws.begin(Settings())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text(fleet.terraform(size))
    environment = Terraform(folder, fleet.REGION, aws.environment()).environment
    run(("terraform", "init", "-no-color", "-input=false"), folder, environment)
    applied = run(("terraform", "apply", "-no-color", "-input=false", "-auto-approve"), folder, environment)
    first = row("terraform, cold apply", size, applied, aws, 0, 0.0)
    aws.forget()
    planned = run(("terraform", "plan", "-no-color", "-input=false", "-detailed-exitcode"), folder, environment)
    return [first, row("terraform, no-op plan", size, planned, aws, 0, 0.0)]
