"""Terraform's AWS provider, a strict client: what it has applied it finds as it was, whatever is changed and taken away.

Needs `terraform` on PATH, and the provider in a folder that it may take it from: RECONCILE_TERRAFORM_MIRROR, or where such folders lie.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox, Spot, needs, stock
from tests.sandbox.conftest import ACCOUNT, zipped

CONFIGURATIONS = Path(__file__).parent / "terraform"
USUAL = ("/usr/share/terraform/*", "/usr/local/share/terraform/*", "/opt/*", str(Path.home() / ".terraform.d/*"))
CHANGED = ("-var=zip=v2.zip", "-var=memory=256", "-var=batch=7")
STEPS = {
    "created": (),
    "changed": CHANGED,
    "weighted": (*CHANGED, '-var=weights={"2"=0.25}'),
    "less": (*CHANGED, "-var=has_all=false"),
}
NOTHING, SOMETHING = 0, 2  # the exit codes of a plan


def mirror() -> str:
    """The folder that has hashicorp/aws, by the name of its registry; empty where there is none."""
    given = os.environ.get("RECONCILE_TERRAFORM_MIRROR")
    found = (str(path) for usual in USUAL for path in Path("/").glob(f"{usual[1:]}/*/hashicorp/aws"))
    return given or next((str(Path(path).parents[2]) for path in found), "")


class Terraform:
    def __init__(self, folder: Path, region: str, environment: dict[str, str]) -> None:
        self.folder, self.region = folder, region
        settings = folder / "settings.tfrc"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror()}" }}\n}}\n')
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "TF_CLI_CONFIG_FILE": str(settings), **environment,
        }  # fmt: skip

    def run(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", verb, "-no-color", "-input=false", *words], cwd=self.folder, env=self.environment,
            capture_output=True, text=True,
        )  # fmt: skip

    def do(self, verb: str, *words: str) -> str:
        """Run what must succeed."""
        ran = self.run(verb, f"-var=region={self.region}", "-auto-approve", *words)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def plan(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("plan", f"-var=region={self.region}", "-detailed-exitcode", *words)


@pytest.mark.sweep
@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not on PATH")
@pytest.mark.skipif(not mirror(), reason="no folder has Terraform's AWS provider")
@pytest.mark.parametrize("region", ["us-east-1", "il-central-1"])  # with code signing, and without
def test_what_terraform_has_applied_it_finds_as_it_was(tmp_path: Path, region: str) -> None:
    shutil.copy(CONFIGURATIONS / "house.tf", tmp_path)
    for name in ("v1", "v2"):
        (tmp_path / f"{name}.zip").write_bytes(zipped(f"def handle(event, context):\n    return {name!r}\n"))
    sources = (f"arn:aws:sqs:{region}:{ACCOUNT}:orders", f"arn:aws:kinesis:{region}:{ACCOUNT}:stream/clicks")
    document = {
        "configuration": {"Role": f"arn:aws:iam::{ACCOUNT}:role/lambda"}, "sources": list(sources),
        "code": {"S3Bucket": "artifacts", "S3Key": "stock.zip"},
    }  # fmt: skip
    with Sandbox(settle_seconds=0.05) as sandbox:
        stock(sandbox, needs([Spot(ACCOUNT, region, document)]))
        terraform = Terraform(tmp_path, region, sandbox.environment(region))
        begun = terraform.run("init")
        assert begun.returncode == 0, begun.stdout + begun.stderr
        for step, words in STEPS.items():
            assert terraform.plan(*words).returncode == SOMETHING, step
            terraform.do("apply", *words)
            again = terraform.plan(*words)
            assert again.returncode == NOTHING, step + again.stdout + again.stderr
        assert "Destroy complete!" in terraform.do("destroy", *STEPS["less"])
        assert sandbox.clients.get("lambda", ACCOUNT, region).list_functions()["Functions"] == []
        assert not [request for request in sandbox.requests if request.status >= 500]
