"""What stands in an environment is in no message, however the spec around it is spelled. (The service model calls names of
variables sensitive, too; a name is shown only where it is one.)"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.files import validation
from reconciler.spec import rules
from tests.spec.reading import faults

VARIABLES = "configuration: {{Environment: {{Variables: {}}}}}\n"
UNREADABLE: dict[str, tuple[str, str]] = {
    "below a misspelt environment": ("configuration: {Enviroment: {Variables: {KEY: 04815162342}}}\n", "4815162342"),
    "below a lower-case environment": ("configuration: {environment: {Variables: {KEY: 04815162342}}}\n", "4815162342"),
    "below the seed's environment": ("environment: {KEY: 0x4815162342}\n", "4815162342"),
    "below variables without an environment": ("configuration: {Variables: {KEY: 04815162342}}\n", "4815162342"),
    "a tag below a misspelt environment": (
        "configuration: {Enviroment: {Variables: {KEY: !hunter2 x}}}\n",
        "hunter2",
    ),
    "an alias below a misspelt environment": (
        "configuration: {Enviroment: {Variables: {KEY: *hunter2}}}\n",
        "hunter2",
    ),
    "an assignment for a key": (VARIABLES.format("{KEY=hunter2: x}"), "hunter2"),
    "an assignment for a key and nothing else": (VARIABLES.format("{KEY=hunter2}"), "hunter2"),
    "assignments in a list": (VARIABLES.format("[KEY=hunter2]"), "hunter2"),
    "an assignment for the variables": (VARIABLES.format("KEY=hunter2"), "hunter2"),
    "a number for the variables": (VARIABLES.format("4815162342"), "4815162342"),
    "a fraction for a value": (VARIABLES.format("{KEY: 4815.162342}"), "4815"),
    "a number in a list of pairs": (VARIABLES.format("[{KEY: 4815162342}]"), "4815162342"),
    "a statement of Jinja's": (VARIABLES.format("{KEY: '{% hunter2 %}'}"), "hunter2"),
    "an unknown fact": (VARIABLES.format("{KEY: '{{ hunter2 }}'}"), "hunter2"),
    "text around a broken reference": (VARIABLES.format("{KEY: 'hunter2 {{ region'}"), "hunter2"),
    "an unknown call": (VARIABLES.format("{KEY: \"{{ vault('hunter2') }}\"}"), "hunter2"),
    "a broken quote": (VARIABLES.format("{KEY: 'hunter2}"), "hunter2"),
    "a bad escape": (VARIABLES.format('{KEY: "hunter2\\q"}'), "hunter2"),
    "a line that is broken off": (
        "configuration:\n  Environment:\n    Variables:\n      KEY: hunter2: hunter2\n",
        "hunter2",
    ),
}


@pytest.mark.parametrize(("body", "secret"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_value_of_an_environment_is_in_no_message(body: str, secret: str, tmp_path: Path) -> None:
    lines = faults(tmp_path, body)
    assert lines
    assert secret not in "\n".join(lines)


SECRETS = st.sampled_from(["hunter2", "hunter2 {{ region }}", "{{ 'hunter2' }}", "{{ hunter2 }}", 4815162342, 4815.5])
SHAPES = st.recursive(
    SECRETS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Variables", "KEY", "1ST", "AWS_REGION", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(SHAPES)
def test_an_environment_of_any_shape_stays_out_of_messages(environment: Any) -> None:
    document = {"function": "f", "configuration": {"Environment": environment}}
    said = [message for _, message, _ in validation.findings(document, "function")]
    said += [found.message for found in rules.findings(document)]
    assert not any(secret in message for message in said for secret in ("hunter2", "4815"))
