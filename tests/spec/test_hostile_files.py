"""File systems and values that are out to hurt: each ends in a SpecError with a place, never in another exception."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.core.errors import SpecError
from reconciler.core.model import Origin
from reconciler.spec import load
from reconciler.spec.config import load_config
from tests.files.packed import pack
from tests.spec.reading import CONFIG, HEAD, faults, folder

HERE = Origin("load.yaml", 3, 5)


def read(root: Path) -> object:
    return load.load([root / "specs"], load_config(root / "specs" / "reconcile.yaml"))


def code_that_links_to_itself(root: Path) -> object:
    (root / "loop").symlink_to("loop")
    folder(root, a=HEAD + "code: {path: ../loop}\n")
    read(root)
    return pack(str(root / "loop"), HERE)


def a_spec_that_links_to_itself(root: Path) -> object:
    (folder(root, a=HEAD) / "x.yaml").symlink_to("x.yaml")
    return read(root)


def a_package_with_a_link_to_itself(root: Path) -> object:
    (root / "app.py").write_text("")
    (root / "loop").symlink_to("loop")
    return pack(str(root), HERE)


def a_name_that_is_too_long(root: Path) -> object:
    return load.load([folder(root, a=HEAD) / ("x" * 300)], None)


def a_code_path_that_is_too_long(root: Path) -> object:
    folder(root, a=HEAD + f"code: {{path: {'x' * 300}}}\n")
    read(root)
    return pack("x" * 300, HERE)


def a_configuration_that_is_a_folder(root: Path) -> object:
    (root / "reconcile.yaml").mkdir()
    return load_config(root / "reconcile.yaml")


def a_configuration_that_is_not_there(root: Path) -> object:
    return load_config(root / "reconcile.yaml")


def a_configuration_that_is_too_long(root: Path) -> object:
    (root / "reconcile.yaml").write_text(CONFIG + "#" * 300_000)
    return load_config(root / "reconcile.yaml")


def a_spec_that_is_too_long(root: Path) -> object:
    folder(root, a=HEAD + "#" * 300_000)
    return read(root)


def a_spec_name_that_is_no_text(root: Path) -> object:
    (folder(root, a=HEAD) / os.fsdecode(b"\xff.yaml")).write_text("function: [\n")
    return read(root)


HOSTILE: list[Callable[[Path], object]] = [
    code_that_links_to_itself,
    a_spec_that_links_to_itself,
    a_package_with_a_link_to_itself,
    a_name_that_is_too_long,
    a_code_path_that_is_too_long,
    a_configuration_that_is_a_folder,
    a_configuration_that_is_not_there,
    a_configuration_that_is_too_long,
    a_spec_that_is_too_long,
    a_spec_name_that_is_no_text,
]


@pytest.mark.parametrize("spoil", HOSTILE, ids=lambda spoil: spoil.__name__.replace("_", " "))
def test_a_hostile_file_is_a_fault_with_a_place(spoil: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        spoil(tmp_path)
    assert all(fault.origin.path and fault.message for fault in caught.value.faults)


REFERENCES = {
    "3,000 brackets": "{{ " + "(" * 3000,
    "3,000 signs": "{{ " + "-" * 3000 + "1 }}",
    "a number of 5,000 digits": "{{ " + "9" * 5000 + " }}",
}


@pytest.mark.parametrize("value", REFERENCES.values(), ids=REFERENCES)
def test_a_hostile_reference_is_a_fault_with_a_place(value: str, tmp_path: Path) -> None:
    lines = faults(tmp_path, f"configuration:\n  Environment:\n    Variables:\n      KEY: '{value}'\n")
    assert any(line.startswith("7:12: the value of KEY is not a reference") for line in lines)


@pytest.mark.parametrize("name", ["b.YAML", "b.Yml"])
def test_a_spec_with_a_capitalised_ending_is_not_passed_over(name: str, tmp_path: Path) -> None:
    """An overlooked spec is a function that looks dropped: read it, or say that it is not read."""
    (folder(tmp_path, a=HEAD) / name).write_text("function: other\naccount: test\nregion: us-west-2\n")
    with contextlib.chdir(tmp_path):
        try:
            found = {one.target.function for one in load.load([Path("specs")], None).specs}
        except SpecError as error:
            assert name in str(error)
        else:
            assert "other" in found
