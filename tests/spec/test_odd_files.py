"""Every file that is read is a regular one of a size that can be meant, inside the tree: the configuration as the specs."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CONFIG, Result, function_spec, reconcile


def tree(root: Path) -> Path:
    specs = root / "house" / "specs"
    specs.mkdir(parents=True)
    (specs.parent / ".git").mkdir()
    (root / "outside.yaml").write_text(CONFIG)
    (root / "reconcile.yaml").write_text(CONFIG)
    (specs / "one.yaml").write_text(function_spec("one"))
    return specs


def run(specs: Path, *arguments: str) -> Result:
    with contextlib.chdir(specs.parent):
        return reconcile(*arguments)


def a_folder(path: Path) -> None:
    path.mkdir()


def too_large(path: Path) -> None:
    path.write_text(CONFIG)
    with path.open("r+b") as file:
        file.truncate(1 << 32)


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "is not a regular file"),
    "a folder": (a_folder, "is not a regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is a link that leads out of"),
    "a link out of the tree": (lambda path: path.symlink_to("../../outside.yaml"), "is a link that leads out of"),
    "a link to nothing": (lambda path: path.symlink_to("gone.yaml"), "cannot be read: No such file or directory"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "cannot be read: Too many levels of symbolic links"),
    "a file of 4 GiB": (too_large, "is larger than 262,144 bytes"),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "command", [["validate"], ["plan", "--snapshot", "x"], ["functions"], ["invoke", "one"]], ids=" ".join
)
def test_a_configuration_that_is_no_file_of_the_tree_is_told_at_its_place(
    tmp_path: Path, odd: str, command: list[str]
) -> None:
    specs, (make, message) = tree(tmp_path), ODD[odd]
    make(specs / "reconcile.yaml")
    result = run(specs, *command)
    assert result.exit_code == 20
    assert f"specs/reconcile.yaml:1:1: {message}" in result.err


def test_a_configuration_may_be_a_link_inside_the_tree(tmp_path: Path) -> None:
    specs = tree(tmp_path)
    (specs.parent / "common.yaml").write_text(CONFIG)
    (specs / "reconcile.yaml").symlink_to("../common.yaml")
    assert run(specs, "validate").exit_code == 0


def test_a_spec_that_is_named_itself_may_not_lead_out_either(tmp_path: Path) -> None:
    specs = tree(tmp_path)
    (specs / "reconcile.yaml").write_text(CONFIG)
    (specs / "two.yaml").symlink_to("../../outside.yaml")
    result = run(specs, "validate", "specs/one.yaml", "specs/two.yaml")
    assert result.exit_code == 20
    assert "specs/two.yaml:1:1: is a link that leads out of" in result.err


@pytest.mark.parametrize("odd", ["a pipe", "a device", "a link to nothing", "too large"])
@pytest.mark.parametrize("flag", [["plan", "--snapshot"], ["functions", "--snapshot"]], ids=" ".join)
def test_a_document_that_is_no_file_is_refused(
    tmp_path: Path, odd: str, flag: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.report.journal.LARGEST_BYTES", 1 << 20)
    specs = tree(tmp_path)
    (specs / "reconcile.yaml").write_text(CONFIG)
    given = specs.parent / "given.json"
    make: dict[str, Callable[[], object]] = {
        "a pipe": lambda: os.mkfifo(given),
        "a device": lambda: given.symlink_to("/dev/zero"),
        "a link to nothing": lambda: given.symlink_to("gone"),
        "too large": lambda: given.write_text(json.dumps(["x" * (1 << 20)])),
    }
    make[odd]()
    result = run(specs, *flag, "given.json")
    assert result.exit_code == 2
    assert "given.json: " in result.err


def test_an_ignore_file_that_is_no_file_is_told(tmp_path: Path) -> None:
    specs = tree(tmp_path)
    (specs / "reconcile.yaml").write_text(CONFIG)
    code = specs / "code"
    code.mkdir()
    (code / "app.py").write_text("")
    os.mkfifo(code / ".lambdaignore")
    text = function_spec("one").replace("code: {S3Bucket: artifacts, S3Key: v1.zip}", "code: {path: code}")
    (specs / "one.yaml").write_text(text)
    held = {"format_version": "1.0", "kind": "snapshot", "taken_at": "2026-01-01T00:00:00Z", "digest": "0" * 64, "salt": "0" * 32, "accounts": {}, "resources": [], "artifacts": []}  # fmt: skip
    (specs.parent / "held.json").write_text(json.dumps(held))
    result = run(specs, "plan", "--snapshot", "held.json")
    assert "/.lambdaignore is not a regular file" in result.out + result.err
    assert result.exit_code in (20, 21)
