"""What a message tells people to write: it says what they meant, and whoever follows it is not refused again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.files import strict_yaml, validation
from tests.spec.reading import faults, refusal
from tests.spec.test_messages import TWELVE

FUNCTION = validation.load_schema("function")
TEXTS = ("4711", "1.5", "true", "0123", "0x1F", "1" * 20, ".5", "1.10", "+15551234567", "1e3", "-0")


@pytest.mark.parametrize("text", TEXTS)
def test_text_without_quotes_is_advised_as_it_was_written(text: str, tmp_path: Path) -> None:
    (message,) = faults(tmp_path, f"tags: {{phone: {text}}}\n")
    advised = message.rpartition("write ")[2]
    assert faults(tmp_path, f"tags: {{phone: {advised}}}\n") == []
    assert advised == f'"{text}"'


@pytest.mark.parametrize("written", ['"60"', "60.0", '"060"', '"60.0"'])
def test_a_number_that_is_advised_is_taken(written: str, tmp_path: Path) -> None:
    (message,) = faults(tmp_path, f"configuration: {{Timeout: {written}}}\n")
    advised = message.rpartition("write ")[2].removesuffix(" without quotes")
    assert faults(tmp_path, f"configuration: {{Timeout: {advised}}}\n") == []


@pytest.mark.parametrize("word", [*validation.YES, *validation.NO, "Yes", "OFF"])
def test_a_word_for_true_or_false_is_advised_as_one(word: str, tmp_path: Path) -> None:
    (message,) = faults(tmp_path, f"publish: '{word}'\n")
    assert message.endswith(f"write {'true' if word.lower() in validation.YES else 'false'}")


def test_a_list_of_pairs_is_advised_as_a_map(tmp_path: Path) -> None:
    (message,) = faults(tmp_path, "tags:\n  - {a: b c}\n  - {d: 'e: f'}\n")
    assert faults(tmp_path, f"tags: {message.rpartition('write ')[2]}\n") == []


def knows(path: str) -> bool:
    """Whether a spec has a dotted path; NAME and LABEL stand for any name."""
    node: Any = FUNCTION
    for step in path.split("."):
        node = node["additionalProperties"] if step in ("NAME", "LABEL") else node.get("properties", {}).get(step)
        if node is None:
            return False
    return True


@pytest.mark.parametrize("word", validation.SEED_WORDS)
def test_each_word_of_the_seed_leads_to_a_place_that_there_is(word: str, tmp_path: Path) -> None:
    where = validation.SEED_WORDS[word]
    assert where == "a key under `aliases`" or knows(where)
    (message,) = faults(tmp_path, f"{word}: x\n")
    assert message == f"4:1: {word} is not a key of a spec; write {where}"


SPELLINGS = ("functionName", "function-name", "FUNCTION_NAME", "FunctionName")


@pytest.mark.parametrize("word", SPELLINGS)
def test_a_word_of_the_seed_is_known_in_any_spelling(word: str, tmp_path: Path) -> None:
    assert faults(tmp_path, f"{word}: x\n") == [f"4:1: {word} is not a key of a spec; write function"]


SLIPS: dict[str, tuple[str, str]] = {
    "a section capitalised": ("Aliases: {}\n", "4:1: Aliases is not a key of a spec; did you mean aliases?"),
    "a section run together": (
        "eventSourceMappings: {}\n",
        "4:1: eventSourceMappings is not a key of a spec; did you mean event_source_mappings?",
    ),
    "a section in the singular": ("tag: {}\n", "4:1: tag is not a key of a spec; did you mean tags?"),
    "a member of an alias": (
        "aliases: {live: {FunctionVersion: '1', RoutingConfg: {}}}\n",
        "4:40: aliases.live.RoutingConfg is not a Lambda setting; did you mean RoutingConfig?",
    ),
    "an alias's member at the top": (
        "FunctionVersion: '1'\n",
        "4:1: FunctionVersion is not a key of a spec; it belongs under `aliases.NAME`",
    ),
    "a mapping's member at the top": (
        "StartingPosition: LATEST\n",
        "4:1: StartingPosition is not a key of a spec; it belongs under `event_source_mappings.NAME`",
    ),
    "code in the configuration": (
        "configuration: {ImageUri: x}\n",
        "4:17: configuration.ImageUri is not a Lambda setting; it belongs under `code`",
    ),
    "the name of an alias inside it": (
        "aliases: {live: {FunctionVersion: '1', Name: live}}\n",
        "4:40: aliases.live.Name is not written here: the key under `aliases`",
    ),
    "a zip in the spec": (
        "code: {path: x, ZipFile: hunter2}\n",
        "4:17: code.ZipFile is not written here: `path` packs a directory or takes a ready .zip",
    ),
    "a small choice": (
        "configuration: {VpcConfig: {Subnets: []}}\n",
        "4:29: configuration.VpcConfig.Subnets is not a Lambda setting; did you mean SubnetIds?",
    ),
    "nothing like it": (
        "configuration: {DeadLetterConfig: {Xyzzy: 1}}\n",
        "4:36: configuration.DeadLetterConfig.Xyzzy is not a Lambda setting; known are TargetArn",
    ),
    "a map for a text": ("configuration: {Handler: {}}\n", "4:26: configuration.Handler must be a string, not a map"),
    "a list for a number": (
        "configuration: {Timeout: []}\n",
        "4:26: configuration.Timeout must be a whole number, not a list",
    ),
    "a text for a list": (
        "configuration: {Architectures: arm64}\n",
        '4:32: configuration.Architectures must be a list, not "arm64"',
    ),
    "true for a number": (
        "configuration: {Timeout: true}\n",
        "4:26: configuration.Timeout must be a whole number, not true",
    ),
    "a layer without an ARN": ("configuration: {Layers: [{}]}\n", "4:17: configuration.Layers[0] needs Arn"),
}


@pytest.mark.parametrize(("body", "message"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_told_what_was_meant(body: str, message: str, tmp_path: Path) -> None:
    assert faults(tmp_path, body) == [message]


def test_twelve_mistakes_say_twelve_things(tmp_path: Path) -> None:
    pieces = [
        *("did you mean tags?", "did you mean Timeout?", "the least is 128"),
        *("the key region stands here again", "the tag !x is not allowed", 'write "010"'),
        *("a spec needs function", "are two", "write true"),
        *('write "1"', "the most is 1.0", 'write {a: "b"}'),
    ]
    lines = refusal(tmp_path, **TWELVE)
    assert [piece for piece, line in zip(pieces, lines, strict=True) if piece not in line] == []
    places = [re.match(r"(.*?):(\d+):(\d+): ", line) for line in lines]
    keys = [(place[1], int(place[2]), int(place[3])) for place in places if place]
    assert keys == sorted(keys)
    assert len(keys) == 12


def test_every_place_of_a_schema_fault_is_inside_the_file() -> None:
    document = strict_yaml.parse("function: x\naliases:\n  a/b~c: {Nmae: 1}\n", "a.yaml")
    assert {str(fault.origin) for fault in validation.faults(document, "function")} == {"a.yaml:3:3", "a.yaml:3:11"}
