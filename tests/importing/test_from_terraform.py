"""`reconcile import --from` what Terraform itself shows, once it has applied a configuration on the sandbox."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.apply.houses import OURS
from tests.conftest import REGION, House, function_spec
from tests.importing.moving_in import is_taken_over
from tests.sandbox.conftest import zipped
from tests.sandbox.test_terraform import Terraform, mirror

CONFIGURATION = Path(__file__).parent / "terraform"
FUNCTIONS = 9


@pytest.mark.sweep
@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not on PATH")
@pytest.mark.skipif(not mirror(), reason="no folder has Terraform's AWS provider")
def test_what_terraform_shows_of_what_it_made_is_imported_and_plans_empty(house: House) -> None:
    house.write("stock.yaml", function_spec("stock", "stock.zip")).unlink()
    house.write("reconcile.yaml", OURS.replace("[us-west-2]", "[us-west-2, us-east-1]"), stock=False)
    shutil.copytree(CONFIGURATION, house.root, dirs_exist_ok=True)
    (house.root / "code.zip").write_bytes(zipped("def handle(event, context):\n    return 1\n"))
    terraform = Terraform(house.root, REGION, house.sandbox.environment(REGION))
    begun = terraform.run("init")
    assert begun.returncode == 0, begun.stdout + begun.stderr
    terraform.do("apply")
    with (house.root / "state.json").open("w") as file:
        subprocess.run(
            ["terraform", "show", "-json"], cwd=house.root, env=terraform.environment, stdout=file, check=True
        )
    result = house.run("import", "--from", "state.json")
    assert result.exit_code == 0, result.out + result.err
    assert f"Imported: {FUNCTIONS} functions" in result.out
    assert "left to Terraform" not in result.out
    assert "hunter2" not in result.out + "".join(path.read_text() for path in (house.root / "specs").rglob("*.yaml"))
    assert is_taken_over(house)
