"""What `--from` names: a file of an old tool, in whatever encoding, or what is wrong with it."""

from __future__ import annotations

import json
import re

import pytest

from reconciler.commands.importing import wish
from reconciler.importing.told import Part, Reader, Said, Told
from tests.apply.strangers import zip_of
from tests.conftest import ACCOUNT, REGION, House, function_spec
from tests.importing.moving_in import (
    QUEUE,
    WHOLE,
    imports,
    is_taken_over,
    living,
    text,
)


def test_what_deployed_a_function_names_its_parts_and_is_told_to_let_go(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Said(
        "checkout", "infra/state.json", REGION, ACCOUNT, "test", {QUEUE: "incoming"}, {"path": "../build/checkout.zip"},
        {"/configuration/Role": "aws_iam_role.\x1bshop.arn"}, (Part("aliases", "alias.live"), Part("scaling", "other")),
    )  # fmt: skip
    reader = Reader(
        "old", "an old tool", lambda file: json.loads(file.text), lambda held: Told((said, Said("gone")), ("half of it",)),
        lambda owned, kept: "".join(f"{word} {part.name}\n" for word, parts in (("forget", owned), ("keep", kept)) for part in parts),
    )  # fmt: skip
    monkeypatch.setattr(
        wish, "read_sources", lambda files: [(reader, reader.told([reader.parsed(file) for file in files]))]
    )
    living(house, WHOLE, function_spec("mailer"))
    house.lambda_.update_function_code(FunctionName="checkout", ZipFile=zip_of("built"))
    house.sandbox.requests.clear()
    for name, content in (("build/checkout.zip", zip_of("built")), ("infra/state.json", b"{}")):
        (house.root / name).parent.mkdir(exist_ok=True)
        (house.root / name).write_bytes(content)
    result = imports(house, "--from", "infra/state.json", code=25)
    assert "failed gone: AWS has no such function" in result.out
    assert "note: half of it" in result.out
    assert "# then, for an old tool:\nforget alias.live\nkeep other\n" in result.out
    assert "# /configuration/Role is aws_iam_role.\\u001bshop.arn there" in text(house)
    assert 'code: {path: "../build/checkout.zip"}' in text(house)
    assert "\n  incoming:\n" in text(house)
    assert sorted(path.name for path in (house.root / "specs").iterdir()) == ["checkout.yaml", "reconcile.yaml"]
    assert is_taken_over(house)


def test_a_source_that_cannot_be_read_is_a_mistake_of_the_command_line(house: House) -> None:
    living(house, function_spec())
    (house.root / "bytes").write_bytes(b"\xc3(")
    assert "bytes: is not UTF-8" in imports(house, "--from", "bytes", code=2).err
    assert "gone: cannot be read" in imports(house, "--from", "gone", code=2).err


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"terraform_version": "1.11.4",\n "values": {]}', r"f\.json:2:13: is not JSON: expecting property name"),
        ('{\n  "format_version": "1.0"\n', r"f\.json:3:1: is not JSON: expecting ',' delimiter"),
        ('[{"a": 1}', r"f\.json:1:10: is not JSON"),
        ('{"Resources": {"A": {"Type": "AWS::Lambda::Function"}}}', "f.json: is a template.*describe-stack-resources"),
        ('{"StackResources": []}', "f.json: tells of no function"),
        ('{"terraform_version": "1", "format_version": "1"}', "f.json: tells of no function"),
        ('{"FunctionName": "{{ must_env `A` }}"}', "f.json: only lambroll can tell"),
    ],
)
def test_a_source_that_tells_of_nothing_says_what_is_wrong_where_and_what_was_expected(
    house: House, text: str, why: str
) -> None:
    living(house, function_spec())
    (house.root / "f.json").write_text(text)
    result = imports(house, "--from", "f.json", code=2)
    assert re.search(why, result.err)
    assert "Nothing to import" not in result.out


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_source_may_be_written_as_any_shell_writes_it(house: House, encoding: str) -> None:
    living(house, function_spec())
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (house.root / "function.json").write_text(f'{mark}{{"FunctionName": "checkout"}}', encoding=encoding)
    assert "Imported: 1 function" in imports(house, "--from", "function.json").out
