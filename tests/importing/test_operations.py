"""Requests as the imperative service's own manual shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import SourceError
from reconciler.importing.readers import read
from reconciler.importing.readers.operations import hand_over
from reconciler.importing.told import File, Part, Said, Told

RECORDED = Path(__file__).parent / "recorded" / "operations"
PRINT = "SAMPLE-NEW-LAMBDA-PRINT-FUNCTION"


def told(*texts: str) -> Told:
    [(reader, told)] = read([File(f"{number}.json", text) for number, text in enumerate(texts)])
    assert reader.name == "operations"
    return told


def recorded(*names: str) -> dict[str, Said]:
    known = told(*((RECORDED / f"{name}.json").read_text() for name in names))
    return {said.function: said for said in known.functions}


def test_requests_about_one_function_tell_of_it_together() -> None:
    functions = recorded("create", "alias", "mapping")
    said = functions[PRINT]
    assert (said.account, said.region, said.account_id) == ("spinnaker-lambda", "us-west-2", "")
    assert said.code == {"S3Bucket": "artifacts", "S3Key": "stock.zip"}
    assert [part.section for part in said.parts] == ["aliases", "configuration"]
    assert [part.section for part in functions["DEMO-FUNCTION-2"].parts] == ["event_source_mappings"]


def test_the_last_request_that_says_where_code_is_holds() -> None:
    old, new = ({"application": "a", "credentials": "c", "s3bucket": "b", "s3key": key} for key in ("old", "new"))
    [said] = told(json.dumps([old, new, {"application": "a", "credentials": "c"}])).functions
    assert said.code["S3Key"] == "new"


def test_what_must_not_be_posted_any_more_is_listed_once() -> None:
    text = hand_over([Part("aliases", "test/a"), Part("configuration", "test/a")], [])
    assert text.splitlines()[1:] == ["#   test/a"]
    assert hand_over([], [Part("aliases", "test/a")]) == ""


@pytest.mark.parametrize("wrong", [None, 3, [], {}, "a b", "\x1b[2J"], ids=repr)
@pytest.mark.parametrize("member", ["application", "credentials", "region", "s3key"])
def test_a_member_of_any_other_kind_tells_less_and_is_printable(member: str, wrong: Any) -> None:
    request = {"application": "a", "credentials": "c", "s3bucket": "b", "s3key": "k", member: wrong}
    known = told(json.dumps([request, {"application": "other", "credentials": "c"}]))
    assert "other" in [said.function for said in known.functions]
    assert all(note.isprintable() for note in known.notes)


def test_what_is_no_request_is_nobodys() -> None:
    for text in ('{"credentials": 1, "application": []}', '[["application", "credentials"]]'):
        with pytest.raises(SourceError, match="is nothing that functions can be imported by"):
            told(text)
