"""How much slower loading and validating is than merely parsing the same files with PyYAML's C loader, and what it costs that specs
extend defaults instead of saying all of it. A process of its own: prints seconds of the processor as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import yaml

from reconciler.spec.config import load_config
from reconciler.spec.load import load

COUNT = 1000
ROUNDS = 3
CONFIG = 'aws: {accounts: [{name: test, lambdaEnabled: true, accountId: "123456789012"}]}\n'
EXAMPLE = (Path(__file__).parents[2] / "specs" / "shop" / "checkout.yaml").read_text()
SHARED = """configuration:
  Runtime: python3.13
  Handler: app.handler
  Role: arn:aws:iam::123456789012:role/lambda
  MemorySize: 256
  Timeout: 10
  LoggingConfig: {LogFormat: JSON}
publish: true
tags: {team: shop, stage: test}
log_group: {retention_days: 30}
"""
OWN = """function: NAME
account: test
region: us-west-2
code: {S3Bucket: bucket, S3Key: NAME.zip}
"""


def written(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in {"reconcile": CONFIG, **texts}.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def named(text: str) -> dict[str, str]:
    return {f"f{number:04}": text.replace("NAME", f"f{number:04}") for number in range(COUNT)}


def seconds(folder: Path) -> float:
    """Of the processor; the best of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        specs = load([folder], load_config(folder / "reconcile.yaml"))
        taken.append(time.process_time() - began)
        assert len(specs.specs) == COUNT
    return min(taken)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        folder = written(root / "example", named(EXAMPLE.replace("function: checkout", "function: NAME")))
        began = time.process_time()
        for file in sorted(folder.glob("f*.yaml")):
            yaml.load(file.read_bytes(), yaml.CSafeLoader)
        parsed = time.process_time() - began
        validated = seconds(folder)
        whole = seconds(written(root / "whole", named(OWN + SHARED)))
        extending = {"defaults": f"defaults: all\n{SHARED}", **named(f"{OWN}extends: defaults.yaml\n")}
        extended = seconds(written(root / "extending", extending))
    figures = {"parsing": parsed, "validating": validated, "said whole": whole, "by defaults": extended}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
