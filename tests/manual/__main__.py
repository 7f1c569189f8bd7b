"""Rewrite the page of rules, what --help says, and what README and the manual show on a console, where it is not true any more."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.manual import rulebook, usage
from tests.manual.blocks import PAGES, ROOT, rewritten

rulebook.PAGE.write_text(rulebook.page(), encoding="utf-8")
for columns, file in usage.FILES.items():
    file.write_text(usage.text(columns), encoding="ascii")

for page in PAGES:
    before = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        after = rewritten(before, Path(folder))
    if after != before:
        page.write_text(after, encoding="utf-8")
        sys.stdout.write(f"{page.relative_to(ROOT)} is rewritten; read the difference\n")
