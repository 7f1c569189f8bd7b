"""What is slow to guess is slow to make: it is made where somebody reads it, once, and side by side."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable

import pytest

from reconciler.core import sealing
from reconciler.core.later import Later, read_together
from reconciler.core.sealing import canonical
from reconciler.report.formats.json import document_json
from tests.conftest import House, function_spec

FUNCTIONS = 4


@pytest.fixture
def stretched(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The salts of what is stretched."""
    salts: list[bytes] = []
    pbkdf2 = hashlib.pbkdf2_hmac

    def counted(name: str, text: bytes, salt: bytes, rounds: int) -> bytes:
        assert rounds == sealing.STRETCH_ROUNDS
        salts.append(salt)
        return pbkdf2(name, text, salt, rounds)

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", counted)
    return salts


def with_secrets(house: House) -> None:
    for number in range(FUNCTIONS):
        text = function_spec(f"f{number}", configuration=f"Environment: {{Variables: {{TOKEN: secret-{number}}}}}")
        house.write(f"f{number}.yaml", text)


def test_a_plan_that_shows_no_digest_stretches_nothing(house: House, stretched: list[bytes]) -> None:
    with_secrets(house)
    assert house.run("plan").exit_code == 0
    assert stretched == []


def test_a_plan_as_json_stretches_once_a_function_whatever_reads_it(house: House, stretched: list[bytes]) -> None:
    with_secrets(house)
    hidden = [
        action["hidden"]
        for target in json.loads(house.run("plan", "--format", "json").out)["targets"]
        for action in target["actions"]
        if "hidden" in action
    ]
    assert len(set(hidden)) == FUNCTIONS
    assert len(stretched) == FUNCTIONS


@pytest.mark.parametrize(
    "read", [str, hash, lambda text: text == "made", lambda text: json.loads(document_json([text]))]
)
def test_a_text_is_worked_out_once_when_it_is_read(read: Callable[[Later], object]) -> None:
    made: list[str] = []

    def work_out() -> str:
        made.append("made")
        return "made"

    text = Later(work_out)
    assert made == []
    read(text)
    read(text)
    assert made == ["made"]


def test_a_text_for_later_is_the_text_that_it_will_be() -> None:
    text = Later(lambda: "a")
    assert text == "a"
    assert "a" == text  # noqa: SIM300
    assert text == Later(lambda: "a")
    assert text not in ("b", Later(lambda: "b"), None)
    assert {text: 1}["a"] == 1  # type: ignore[index]
    assert canonical([text]) == canonical(["a"])


def test_texts_are_worked_out_side_by_side_even_where_one_reads_others() -> None:
    both = threading.Barrier(2, timeout=30)
    inner = [Later(lambda: str(both.wait() >= 0)) for _ in range(2)]

    def outer() -> str:
        read_together([*inner, "a text"])
        return " ".join(map(str, inner))

    assert str(Later(outer)) == "True True"


def test_what_has_no_form_in_json_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        document_json({"a": object()})
