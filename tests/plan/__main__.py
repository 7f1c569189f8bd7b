"""Write what is planned of each scenario, where `expected.txt` is missing or not true any more; read the difference."""

from __future__ import annotations

import sys

from tests.plan.scenario import EXPECTED, SCENARIOS, names, outcome

for name in names():
    file, after = SCENARIOS / name / EXPECTED, outcome(name).text
    if not file.exists() or file.read_text(encoding="utf-8") != after:
        file.write_text(after, encoding="utf-8")
        sys.stdout.write(f"{name} is rewritten\n")
