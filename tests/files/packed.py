"""What tests of packing share: a folder of files, what is packed of it, and why it is not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import IO

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


def pack(path: str, origin: Origin = HERE) -> bytes:
    with packing.packed(path, origin) as package:
        return package.file.read()


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is packed from now on."""
    found, original = list[str](), packing._opened

    def opened(path: Path, origin: Origin) -> IO[bytes]:
        found.append(path.name)
        return original(path, origin)

    monkeypatch.setattr(packing, "_opened", opened)
    return found


def names(root: Path) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(pack(str(root), HERE))).namelist()


def refusal(root: Path) -> str:
    with pytest.raises(SpecError) as caught:
        pack(str(root), HERE)
    return str(caught.value).removeprefix("spec.yaml:3:5: ").replace(f"{root}/", "")
