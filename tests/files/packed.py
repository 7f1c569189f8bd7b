"""What tests of packing share: a folder of files, what is packed of it, and why it is not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from reconciler.core.errors import SpecError
from reconciler.core.model import Origin
from reconciler.files import packing

HERE = Origin("spec.yaml", 3, 5)


def tree(root: Path, **files: str) -> Path:
    for name, text in {"app.py": "x", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def names(root: Path) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(packing.pack(str(root), HERE))).namelist()


def refusal(root: Path) -> str:
    with pytest.raises(SpecError) as caught:
        packing.pack(str(root), HERE)
    return str(caught.value).removeprefix("spec.yaml:3:5: ").replace(f"{root}/", "")
