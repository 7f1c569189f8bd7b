"""Tables of cases that are products: a telling sample runs always, the rest where sweeps do."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest


def sampled(*axes: Mapping[str, Any]) -> list[Any]:
    """Every combination of the named values of some axes. Those that are no sweeps hold each value of each axis at least once:
    the axes are walked side by side, a shorter one from its start again."""
    longest = max(map(len, axes))
    telling = {tuple(list(axis)[step % len(axis)] for axis in axes) for step in range(longest)}
    return [
        pytest.param(
            *(axis[name] for axis, name in zip(axes, names, strict=True)),
            id="-".join(names),
            marks=() if names in telling else pytest.mark.sweep,
        )
        for names in product(*axes)
    ]


def named(*names: str) -> dict[str, str]:
    """An axis of words that are their own names."""
    return {name: name for name in names}
