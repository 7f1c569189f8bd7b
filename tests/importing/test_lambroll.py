"""Definitions as people wrote them for lambroll: with templates in texts and alone, with Jsonnet's native functions. Names are made up."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import SourceError
from reconciler.importing.readers import read
from reconciler.importing.readers.lambroll import LAMBROLL, hand_over
from reconciler.importing.told import File, Part, Said, Told

RECORDED = Path(__file__).parent / "recorded" / "lambroll"


def told(text: str, path: str = "function.json") -> Told:
    [(reader, told)] = read([File(path, text)])
    assert reader.name == "lambroll"
    return told


def recorded(name: str) -> Said:
    [said] = told((RECORDED / name).read_text(), name).functions
    return said


def test_json_with_templates_in_texts_and_alone_is_read_and_they_stay_as_they_are_written() -> None:
    said = recorded("function.json")
    assert (said.function, said.code) == ("hello", {"S3Bucket": "artifacts", "S3Key": "stock.zip"})
    assert said.symbols == {
        "/configuration/Role": '{{ tfstate "data.aws_iam_role.lambda.arn" }}',
        "/configuration/VpcConfig/SecurityGroupIds/0": (
            "{{ tfstatef `aws_security_group.internal['%s'].id` (must_env `WORLD`) }}"
        ),
    }
    assert said.parts == (Part("configuration", "function.json"),)


def test_jsonnet_is_evaluated() -> None:
    assert recorded("reminder.jsonnet").symbols == {"/configuration/Role": "{{ tfstate `aws_iam_role.reminder.arn` }}"}


def test_native_functions_of_jsonnet_stay_as_templates_say_them() -> None:
    said = recorded("image.jsonnet")
    assert (said.function, sorted(said.code)) == ("resolver-assets", ["ImageUri"])
    assert said.symbols == {
        "/configuration/KMSKeyArn": "{{ must_env `KEY` }}",
        "/configuration/Role": "arn:aws:iam::{{ caller_identity.Account }}:role/resolver",
    }


@pytest.mark.parametrize("name", ["function.json", "reminder.jsonnet", "image.jsonnet"])
def test_no_value_of_an_environment_gets_out(name: str) -> None:
    text = (RECORDED / name).read_text()
    assert "hunter2" in text
    assert "hunter2" not in repr(LAMBROLL.parsed(File(name, text))) + repr(told(text, name))


def test_a_name_that_only_lambroll_can_tell_is_said_with_what_to_give_instead() -> None:
    [note] = told('{"FunctionName": "{{ must_env `ENV` }}-hello"}').notes
    assert note.startswith("function.json: only lambroll can tell what {{ must_env `ENV` }}-hello is; ")
    assert "lambroll render" in note


def test_code_that_is_made_by_a_template_is_nowhere() -> None:
    [said] = told('{"FunctionName": "a", "Code": {"ImageUri": "{{ must_env `IMAGE` }}"}}').functions
    assert said.code == {}


def test_a_function_url_names_no_function_and_is_not_needed() -> None:
    known = told('{"Config": {"AuthType": "NONE"}}')
    assert (known.functions, len(known.notes)) == ((), 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(import 'other.libsonnet') + {}", "nothing is imported"),
        ("{FunctionName: importstr '/etc/passwd'}", "nothing is imported"),
        ("{FunctionName: std.extVar('name')}", "external variable is not defined"),
        ("{FunctionName: std.native('nobody_knows')('a')}", "cannot be evaluated"),
        ("local f(x) = f(x + 1) + 1; f(1)", "stack overflow"),
        ("error 'a\\u001b[2Jb'", r"a\\u001b\[2Jb"),
        ("{", "syntax error"),
        (" " * 2**20 + "{}", "too long"),
        ("{FunctionName: std.repeat('a', 2000000)}", "it comes to too much"),
        ("{FunctionName: std.foldl(function(a, b) a + a, std.range(1, 60), 'aa')}", "it asks for more than"),
    ],
)
def test_jsonnet_that_asks_for_more_is_refused_with_what_to_give_instead(text: str, why: str) -> None:
    with pytest.raises(SourceError, match=rf"^f\.jsonnet: .*{why}") as error:
        told(text, "f.jsonnet")
    assert str(error.value).isprintable()


def test_jsonnet_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.files.jsonnet.MOST_SECONDS", 1)
    with pytest.raises(SourceError, match=r"^f\.jsonnet: cannot be evaluated here: it .* 1 second.*lambroll render"):
        told("local f(n) = if n == 0 then 1 else f(n - 1) + f(n - 1); f(150)", "f.jsonnet")


def test_what_is_not_needed_is_not_evaluated() -> None:
    text = """
        local env = std.native('env'), memory = std.parseInt(env('MEMORY', '128'));
        {FunctionName: 'a', MemorySize: memory, Description: std.extVar('nobody'), Environment: {Variables: error 'x'}}
        // the end"""
    assert [said.function for said in told(text, "f.jsonnet").functions] == ["a"]


def test_a_state_with_a_prefix_is_asked_no_more_than_another() -> None:
    [said] = told("{FunctionName: 'a', Role: std.native('first_tfstate')('aws_iam_role.a.arn')}", "f.jsonnet").functions
    assert said.symbols == {"/configuration/Role": "{{ first_tfstate `aws_iam_role.a.arn` }}"}


def test_without_its_package_jsonnet_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjsonnet", None)
    with pytest.raises(SourceError, match=r"install lambda-reconciler\[import\], or write what `lambroll render`"):
        told("{}", "f.jsonnet")


@pytest.mark.parametrize(
    "text",
    [
        '{"FunctionName": "a',
        '{"FunctionName": {{ x }',
        '{"FunctionName":' + "[" * 200_000,
        '{"FunctionName": "' + "{{ x }}" * 9999,
    ],
)
def test_json_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match=r"^function\.json(:1:\d+)?: is n"):
        told(text)


@pytest.mark.parametrize("wrong", [None, 3, [], {}, [[{"x": 1}]], {"x": [None]}], ids=repr)
@pytest.mark.parametrize("member", ["FunctionName", "Code", "Role", "Layers", "VpcConfig"])
def test_a_member_of_any_other_type_tells_nothing_and_breaks_nothing(member: str, wrong: Any) -> None:
    assert len(told(json.dumps({"FunctionName": "a", member: wrong})).functions) <= 1


def test_letting_go_is_taking_the_files_out() -> None:
    text = hand_over([Part("configuration", "it's/f.json")], [])
    assert """git rm -- 'it'"'"'s/f.json'""" in text
    assert hand_over([], [Part("configuration", "f.json")]) == ""
