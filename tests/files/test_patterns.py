"""Patterns of specs, and texts of strangers."""

from __future__ import annotations

import pytest

from reconciler.files import patterns


def test_a_pattern_is_found_anywhere_in_a_text_whatever_that_is_made_of() -> None:
    assert patterns.is_found("^o-\\d+$", "o-17")
    assert patterns.is_found("é\N{LINE SEPARATOR}", "caf\N{LATIN SMALL LETTER E WITH ACUTE}\N{LINE SEPARATOR}")
    assert not patterns.is_found("^o-", "x o-17")


def test_one_that_would_never_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "MOST_SECONDS", 0.5)
    with pytest.raises(TimeoutError):
        patterns.is_found("^(a+)+$", "a" * 60 + "!")
