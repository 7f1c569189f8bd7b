"""What is printed for Terraform to let go, given to Terraform: it forgets what specs own, and AWS holds what it held."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.importing.readers import read
from reconciler.importing.readers.terraform import hand_over
from reconciler.importing.told import File, Part
from reconciler.sandbox import Sandbox, Spot, needs, stock
from tests.sandbox.conftest import ACCOUNT, zipped
from tests.sandbox.test_terraform import Terraform, mirror

REGION = "eu-west-1"
MAIN = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = var.region }
variable "region" {}
variable "names" { default = ["orders", "returns"] }
module "worker" {
  source = "./worker"
  names  = var.names
}
"""
ROLE = """\
variable "names" {}
resource "aws_iam_role" "worker" {
  name               = "worker"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
"""
FUNCTIONS = """\
resource "aws_lambda_function" "this" {
  for_each      = toset(var.names)
  function_name = each.key
  role          = aws_iam_role.worker.arn
  handler       = "app.handle"
  runtime       = "python3.13"
  filename      = "worker.zip"
}
resource "aws_lambda_alias" "live" {
  for_each         = aws_lambda_function.this
  name             = "live"
  function_name    = each.value.function_name
  function_version = "$LATEST"
}
"""


class House:
    """A configuration that is applied, with what its state tells."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        (folder / "worker").mkdir()
        (folder / "worker.zip").write_bytes(zipped("def handle(event, context):\n    return 1\n"))
        self.write(MAIN, ROLE + FUNCTIONS)
        self.terraform = Terraform(folder, REGION, sandbox.environment(REGION))
        begun = self.terraform.run("init")
        assert begun.returncode == 0, begun.stdout + begun.stderr
        self.terraform.do("apply")

    def write(self, main: str, worker: str) -> None:
        (self.folder / "main.tf").write_text(main)
        (self.folder / "worker" / "main.tf").write_text(worker)

    def shell(self, command: str) -> str:
        ran = subprocess.run(
            command, shell=True, cwd=self.folder, env=self.terraform.environment, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def parts(self) -> dict[str, tuple[Part, ...]]:
        [(_, told)] = read([File("state.json", self.shell("terraform show -json"))])
        return {said.function: said.parts for said in told.functions}

    def living(self) -> list[str]:
        functions = self.sandbox.clients.get("lambda", ACCOUNT, REGION).list_functions()["Functions"]
        return sorted(function["FunctionName"] for function in functions)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with Sandbox(settle_seconds=0.05) as sandbox:
        stock(sandbox, needs([Spot(ACCOUNT, REGION, {})]))
        yield House(tmp_path, sandbox)


pytestmark = [
    pytest.mark.sweep,
    pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not on PATH"),
    pytest.mark.skipif(not mirror(), reason="no folder has Terraform's AWS provider"),
]


def test_terraform_forgets_what_the_blocks_name_and_destroys_nothing(house: House) -> None:
    owned = [part for parts in house.parts().values() for part in parts]
    assert len(owned) == 4
    house.write(MAIN + hand_over(owned, []), ROLE)
    assert "0 destroyed" in house.terraform.do("apply")
    assert house.parts() == {}
    assert house.living() == ["orders", "returns"]
    assert house.shell("terraform state list").split() == ["module.worker.aws_iam_role.worker"]


def test_terraform_forgets_single_instances_by_the_commands_and_keeps_the_rest(house: House) -> None:
    parts = house.parts()
    text = hand_over(parts["orders"], parts["returns"])
    house.write(MAIN.replace('["orders", ', "["), ROLE + FUNCTIONS)
    house.shell("\n".join(line.removeprefix("#") for line in text.splitlines() if "terraform state rm" in line))
    assert "0 added, 0 changed, 0 destroyed" in house.terraform.do("apply")
    assert sorted(house.parts()) == ["returns"]
    assert house.living() == ["orders", "returns"]
