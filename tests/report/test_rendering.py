"""What people read: plans as text and markdown, tasks and reports; and that no text of a spec or of AWS can move a cursor."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from reconciler.core.foreign import printable
from reconciler.report.formats.markdown import plan as plan_markdown
from reconciler.report.formats.page.text import inert
from reconciler.report.formats.shown import value_text
from reconciler.report.formats.text import plan as plan_text
from reconciler.report.formats.text import task_text
from reconciler.report.schemas import PLAN, REPORT, SNAPSHOT
from tests.conftest import House, function_spec
from tests.report.pages import OURS, nodes

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"


def field(path: str, before: Any, after: Any) -> dict[str, Any]:
    return {
        "path": path,
        "before": before,
        "after": after,
        "sensitive": False,
        "cause": None,
        "source": None,
        "author": "",
    }


def document(name: str, before: Any, after: Any, reason: str = "", verb: str = "update") -> dict[str, Any]:
    action = {"address": name, "kind": "function", "verb": verb, "cause": None, "reason": reason, "fields": [field("/configuration/Description", before, after)]}  # fmt: skip
    summary = dict.fromkeys(("create", "update", "replace", "adopt", "delete", "unchanged", "operations"), 0) | {
        verb: 1
    }
    return {
        "digest": "", "provenance": {"commit": None, "dirty": None}, "snapshot": {"taken_at": "2026-01-01T00:00:00.000Z"},
        "summary": summary, "orphans": [name], "targets": [{"address": name, "digest": "", "actions": [action], "operations": []}],
        "diagnostics": [{"severity": "warning", "message": reason, "address": name, "source": None, "error": ""}],
    }  # fmt: skip


def test_a_plan_reads_as_it_should(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    house.write(
        "checkout.yaml",
        function_spec(key="v2.zip", configuration="MemorySize: 512\nEnvironment: {Variables: {TOKEN: x}}", extra=LIVE),
    )
    shown = re.sub(r"[A-Za-z0-9+/]{43}=", "SHA", house.run("plan").out)
    assert shown == PLAN_TEXT


PLAN_TEXT = """\
test/us-west-2/checkout
  ~ function
      code.CodeSha256                            SHA → SHA  specs/checkout.yaml:10
      code.S3Bucket                              (not told by AWS) → artifacts  specs/checkout.yaml:10
      code.S3Key                                 (not told by AWS) → v2.zip  specs/checkout.yaml:10
      configuration.Environment.Variables.TOKEN  (unset) → (sensitive)  specs/checkout.yaml:9
      configuration.MemorySize                   128 → 512  specs/checkout.yaml:8
  + version/published  (code or configuration differ from version 1)
  ~ alias/live
      FunctionVersion  1 → (known after apply)  specs/checkout.yaml:12

Plan: 1 to create, 2 to update; 0 unchanged. 4 AWS calls and about 8 looks, about 5 s.
"""


def test_a_plan_without_changes_says_so_in_one_line(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    assert house.run("plan").out == "No changes. What git says is what AWS holds (1 function, 2 unchanged).\n"


def test_colour_only_on_a_terminal_or_when_forced(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("checkout.yaml", function_spec())
    assert "\x1b" not in house.run("plan").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m+\x1b[0m" in house.run("plan").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in house.run("plan").out


def test_every_document_validates_against_its_schema(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE + "tags: {a: b}\n"))
    plan = house.plan()
    Draft202012Validator(PLAN).validate(plan)
    Draft202012Validator(REPORT).validate(house.apply())
    house.write("checkout.yaml", "function: checkout\naccount: test\nregion: us-west-2\nstate: absent\n")
    house.run("snapshot", "-o", "live.json")
    Draft202012Validator(SNAPSHOT).validate(json.loads((house.root / "live.json").read_text()))
    Draft202012Validator(REPORT).validate(house.apply())
    Draft202012Validator(REPORT).validate(house.apply())


def test_json_on_stdout_is_one_document_even_on_failure(house: House) -> None:
    house.write("checkout.yaml", "function: 5\n", stock=False)
    result = house.run("plan", "--format", "json")
    assert result.exit_code == 20
    assert result.json()["kind"] == "error"
    assert result.json()["exit_code"] == 20


hostile = st.text(st.characters(codec="utf-8") | st.sampled_from("`|@#<>[]()!*_~&\\\x1b\u202e\n\r"), max_size=80)


@given(hostile, hostile, hostile)
def test_no_text_moves_a_cursor(name: str, value: str, reason: str) -> None:
    shown = plan_text(document(name, value, value + "x", reason))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert printable(printable(name)) == printable(name)


@given(hostile, hostile, hostile)
def test_no_text_becomes_markdown(name: str, value: str, reason: str) -> None:
    text = plan_markdown(document(name, value, value + "x", reason))
    assert nodes(text) <= OURS
    blocks = [token.content.strip() for token in MarkdownIt("commonmark").parse(text) if token.type == "html_block"]
    assert all(
        re.fullmatch(r"<details( open)?><summary>[^<>]*</summary>|</details>|<sub>[^<>]*</sub>", block)
        for block in blocks
    )


@pytest.mark.parametrize(
    "text", ["@octocat", "#123", "fixes #1", "<!-- marker -->", "![x](http://x)", "[a](b)", "`code`", "www.example.com"]
)
def test_nothing_is_mentioned_linked_or_hidden(text: str) -> None:
    shown = inert(text)
    assert not set("@#<>[]`!") & set(re.sub(r"&#\d+;", "", shown))
    assert "www.example" not in shown


def test_a_value_is_whole_in_its_line() -> None:
    assert value_text("x" * 500) == "x" * 500
    assert value_text({"a": [1, "b"]}) == '{"a": [1, "b"]}'


def test_a_failed_task_tells_its_error(house: House) -> None:
    from reconciler.sandbox.around.faults import Fault, Script

    house.sandbox.gate.script = Script(
        [Fault("CreateFunction", code="InvalidParameterValueException", message="no \x1b[31mred")]
    )
    house.write("checkout.yaml", function_spec())
    result = house.run("apply", "--yes")
    assert "\x1b" not in result.out
    task = house.newest_report()["tasks"][0]
    assert "InvalidParameterValueException: [no" in task_text(task)
    assert "\x1b" not in task_text(task)
