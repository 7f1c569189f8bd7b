"""Texts that AWS answers, written so that a spec says them everywhere: what is filled in is what AWS said."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.core.model import Target
from reconciler.spec.meant import REFERENCE
from reconciler.spec.references import filled, is_template, parsed
from reconciler.spec.referring import referring, variable

ACCOUNT = "123456789012"
TARGET = Target("test", "us-west-2", "checkout")
pieces = st.sampled_from(
    ["{{ region }}", "{{", "}}", "{%", "%}", "{#", "#}", "'", '"', "\\", "\n", "\r\n", " ", "é", "\U0001f600", "region", "{{- ssm('x') }}", "\\n", "{{ function"]
)  # fmt: skip
texts = st.lists(pieces | st.text(max_size=3), max_size=8).map("".join)


@given(texts)
@example("{{ region }} {# '\\' #}\r\n")
def test_a_text_of_a_section_stands_for_itself(text: str) -> None:
    said = referring(text, TARGET, ACCOUNT)
    assert (filled(said, TARGET, ACCOUNT) if REFERENCE.search(said) else said) == text


@given(texts)
@example("{{ region }} {# '\\' #}\r\n")
def test_a_value_of_an_environment_stands_for_itself(text: str) -> None:
    said = variable(text)
    assert ("".join(map(str, parsed(said))) if is_template(said) else said) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/a", "arn:{{ partition }}:iam::{{ account.id }}:role/a"),
        (f"arn:aws:sqs:us-west-2:{ACCOUNT}:q", "arn:{{ partition }}:sqs:{{ region }}:{{ account.id }}:q"),
        ("arn:aws:lambda:us-west-2:017000801446:layer:Powertools:1", "arn:{{ partition }}:lambda:{{ region }}:017000801446:layer:Powertools:1"),
        (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q", "arn:{{ partition }}:sqs:eu-west-1:{{ account.id }}:q"),
        ("arn:aws:s3:::uploads", "arn:aws:s3:::uploads"),
        ("arn:aws:sns:eu-west-1:210987654321:t", "arn:aws:sns:eu-west-1:210987654321:t"),
        (f"arn:aws-cn:iam::{ACCOUNT}:role/a", "arn:aws-cn:iam::{{ account.id }}:role/a"),
        (ACCOUNT, "{{ account.id }}"),
        ("us-west-2", "us-west-2"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_the_targets_own_becomes_a_reference(text: str, said: str) -> None:
    assert referring(text, TARGET, ACCOUNT) == said
    assert (filled(said, TARGET, ACCOUNT) if "{{" in said else said) == text


def test_where_the_configuration_does_not_say_the_account_it_is_written() -> None:
    assert referring(f"arn:aws:iam::{ACCOUNT}:role/a", TARGET, "") == f"arn:aws:iam::{ACCOUNT}:role/a"
    assert referring("", TARGET, "") == ""
