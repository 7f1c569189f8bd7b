"""How much slower `reconcile validate` is than merely parsing the same files with PyYAML's C loader. Prints, asserts nothing.

Run it: python tests/benchmarks/validate_ratio.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import yaml

from reconciler.spec.config import load_config
from reconciler.spec.load import load

COUNT = 1000
CONFIG = 'aws: {accounts: [{name: test, lambdaEnabled: true, accountId: "123456789012"}]}\n'


def write(folder: Path) -> None:
    example = (Path(__file__).parents[2] / "specs" / "shop" / "checkout.yaml").read_text()
    (folder / "reconcile.yaml").write_text(CONFIG)
    for number in range(COUNT):
        (folder / f"f{number:04}.yaml").write_text(example.replace("function: checkout", f"function: f{number:04}"))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        files = sorted(folder.glob("f*.yaml"))
        began = time.perf_counter()
        for file in files:
            yaml.load(file.read_bytes(), yaml.CSafeLoader)
        parsed = time.perf_counter() - began
        began = time.perf_counter()
        specs = load([folder], load_config(folder / "reconcile.yaml"))
        validated = time.perf_counter() - began
        assert len(specs.specs) == COUNT
    sys.stdout.write(f"parse {parsed:.2f} s, validate {validated:.2f} s, ratio {validated / parsed:.1f}\n")


if __name__ == "__main__":
    main()
