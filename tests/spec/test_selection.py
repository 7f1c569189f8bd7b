"""Which functions a word of the command line means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.errors import SelectionError
from reconciler.core.model import Target
from reconciler.spec.selection import is_name, one, select, unknown

TARGETS = [
    Target("prod", "eu-west-1", "checkout"),
    Target("prod", "us-west-2", "checkout"),
    Target("test", "us-west-2", "check-stock"),
    Target("test", "us-west-2", "checkout"),
    Target("test", "us-west-2", "mailer"),
]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["mailer"], [4]),
        (["checkout"], [0, 1, 3]),
        (["prod/checkout"], [0, 1]),
        (["us-west-2/checkout"], [1, 3]),
        (["test/us-west-2/checkout"], [3]),
        (["prod/*/check*"], [0, 1]),
        (["check*"], [0, 1, 2, 3]),
        (["*/us-*/*"], [1, 2, 3, 4]),
        (["check[!-]*"], [0, 1, 3]),
        (["test/*", "mailer", "prod/eu-west-1/*"], [0, 2, 3, 4]),
        ([], [0, 1, 2, 3, 4]),
    ],
)
def test_a_word_means_what_its_parts_match(words: list[str], meant: list[int]) -> None:
    assert select(words, TARGETS[::-1]) == [TARGETS[number] for number in meant]


@pytest.mark.parametrize(
    ("word", "mend"),
    [
        ("chekout", "did you mean checkout?"),
        ("prod/us-west-2/chekout", "did you mean prod/us-west-2/checkout?"),
        ("prdo/mailr", "did you mean mailer?"),
        ("zzz", "there are check-stock, checkout, mailer"),
        ("Checkout/", "did you mean checkout?"),
        ("a/b/c/checkout", "did you mean checkout?"),
        ("", "there are"),
    ],
)
def test_a_word_that_means_nothing_is_told_with_what_it_may_mean(word: str, mend: str) -> None:
    with pytest.raises(SelectionError, match="no spec is for") as told:
        select(["mailer", word], TARGETS)
    assert mend in str(told.value)


def test_every_word_that_means_nothing_is_told_at_once() -> None:
    with pytest.raises(SelectionError) as told:
        select(["one", "mailer", "two"], TARGETS)
    assert [line.split(";")[0] for line in str(told.value).splitlines()] == [
        "no spec is for one", "no spec is for two"
    ]  # fmt: skip


def test_a_layer_is_meant_by_its_kind_before_its_name() -> None:
    layer = Target("test", "us-west-2", "mailer", "layer")
    for word in ("layer/mailer", "layer/*", "test/layer/mailer", "*/*/layer/m*", str(layer)):
        assert select([word], [*TARGETS, layer]) == [layer]
    assert select(["mailer", "test/*", "*"], [*TARGETS, layer]) == TARGETS
    assert "did you mean layer/mailer?" in unknown("layer/mailr", [*TARGETS, layer])


@pytest.mark.parametrize("word", ["checkout", "check*", "a.b/c", "prod/*/check*", "[ab]?", "a/b/layer/c"])
def test_what_a_function_could_be_called_is_a_name(word: str) -> None:
    assert is_name(word)


@pytest.mark.parametrize(
    "word", ["", ".", "..", "./a", "/a", "a/", "a.yaml", "specs/a.yml", "~/a", "a//b", "a b", "a\nb", "ä", "a/b/c/d/e"]
)
def test_what_none_could_be_called_is_a_path(word: str) -> None:
    assert not is_name(word)


def test_where_one_is_needed_a_word_that_may_be_several_names_them() -> None:
    assert one("mailer", TARGETS) == TARGETS[4]
    assert one("eu-west-1/checkout", TARGETS) == TARGETS[0]
    with pytest.raises(SelectionError, match="checkout may be prod/eu-west-1/checkout, prod/us-west-2/checkout, test/"):
        one("checkout", TARGETS)


def test_a_whole_address_needs_no_spec_where_its_place_is_known() -> None:
    places = [("test", "us-west-2")]
    assert one("test/us-west-2/legacy", TARGETS, places) == Target("test", "us-west-2", "legacy")
    for word in ("test/eu-west-1/legacy", "legacy", "test/us-west-2/leg*", "test/us-west-2/"):
        with pytest.raises(SelectionError):
            one(word, TARGETS, places)


@given(st.sampled_from(TARGETS))
def test_an_address_means_its_target_alone(target: Target) -> None:
    assert select([str(target)], TARGETS) == [target]
