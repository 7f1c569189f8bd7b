"""Documents as JSON text: for stdout, and for the files that a step leaves behind."""

from __future__ import annotations

import json
from typing import Any

from reconciler.core.foreign import harmless
from reconciler.report.formats import View


def document_json(document: Any, _: View = View()) -> str:  # noqa: B008  frozen
    """The document in lines. What a terminal or GitHub's log would obey, and half of a surrogate pair, stands in it as JSON
    escapes it, so that it reads back as it was."""
    return harmless(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


plan = report = validation = error = functions = answer = document_json
