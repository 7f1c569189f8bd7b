"""JSON Schema errors to faults that a person can act on: the place, what is wrong, what to write instead.

jsonschema finds; this module only words. Values that the schema marks `x-sensitive` never enter a message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.core.diff import escaped
from reconciler.core.errors import Fault
from reconciler.core.finding import Rule
from reconciler.core.words import many
from reconciler.files.good import TYPES, Check, Compiler
from reconciler.files.strict_yaml import Document

if TYPE_CHECKING:
    from jsonschema import ValidationError

# What the seed's requests called it, in lower case without punctuation -> where it stands now.
SEED_WORDS: Mapping[str, str] = {
    "aliasdescription": "aliases.NAME.Description",
    "accountname": "account",
    "aliasname": "a key under `aliases`",
    "application": "function",
    "batchsize": "event_source_mappings.LABEL.BatchSize",
    "credentials": "account",
    "deadletterconfig": "configuration.DeadLetterConfig",
    "description": "configuration.Description",
    "environment": "configuration.Environment",
    "eventsourcearn": "event_source_mappings.LABEL.EventSourceArn",
    "functionname": "function",
    "handler": "configuration.Handler",
    "kmskeyarn": "configuration.KMSKeyArn",
    "majorfunctionversion": "aliases.NAME.FunctionVersion",
    "memory": "configuration.MemorySize",
    "memorysize": "configuration.MemorySize",
    "minorfunctionversion": "aliases.NAME.RoutingConfig.AdditionalVersionWeights",
    "role": "configuration.Role",
    "runtime": "configuration.Runtime",
    "s3bucket": "code.S3Bucket",
    "s3key": "code.S3Key",
    "timeout": "configuration.Timeout",
    "tracingconfig": "configuration.TracingConfig",
    "vpcconfig": "configuration.VpcConfig",
    "weighttominorfunctionversion": "aliases.NAME.RoutingConfig.AdditionalVersionWeights",
}
# What others call a choice of AWS's, which letters alone would take for its opposite.
ELSEWHERE: Mapping[str, str] = {"amd64": "x86_64", "x64": "x86_64", "aarch64": "arm64"}
FITS_ITS_SCHEMA = Rule("R001", "A file has the form that its schema says, as `reconcile schema` prints it.")
Error: TypeAlias = Any  # jsonschema.ValidationError, whose attributes its stubs type as maybe unset

NO_TEXTS: Mapping[str, str] = {}
TYPE_WORDS = {
    "string": "a string", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "object": "a map", "array": "a list", "null": "null",
}  # fmt: skip


KINDS_OF_VALUE: Mapping[type, str] = {
    str: "text", bool: "true or false", int: "a number", float: "a number", dict: "a map", list: "a list", type(None): "empty",
}  # fmt: skip
YES = ("yes", "on", "y", "true")
NO = ("no", "off", "n", "false")
MAX_MATCHED = 2048  # characters; a longer text without a limit of its own is not given to a pattern


def schema_text(kind: str) -> str:
    """The committed schema, from the package (wheel) or from beside it (checkout)."""
    name = f"{kind}.schema.json"
    package = Path(__file__).parents[1]
    for folder in (package / "schemas", package.parent / "schemas"):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise FileNotFoundError(name)


@cache
def _file_schema(kind: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(schema_text(kind))
    return schema


def load_schema(kind: str) -> dict[str, Any]:
    """The schema of a document; of one whose file may be made of parts, that of the whole."""
    schema = _file_schema(kind)
    whole: dict[str, Any] = schema.get("$defs", {}).get("whole", schema)
    return whole


REFERRING = r"\{\{|"  # with what a pattern begins that takes references as well


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A schema's pattern as Python reads it: `$` is the very end, not before a last line feed, and \\d is 0 to 9. References are
    filled in before a text is looked at, so that they are for editors alone."""
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern.removeprefix(REFERRING)), re.ASCII)


def _is_matched(text: str, pattern: str, schema: Mapping[str, Any]) -> bool:
    """By the keyword `pattern`. A text that is too long anyway is left to `maxLength`, so hostile text costs no matching."""
    most = schema.get("maxLength")
    if len(text) > (MAX_MATCHED if most is None else most):
        return most is not None
    return _compiled(pattern).search(text) is not None


def _root(kind: str) -> dict[str, Any]:
    schema = _file_schema(kind)
    is_of_parts = "whole" in schema.get("$defs", {})
    return {"$ref": "#/$defs/whole", "$defs": schema["$defs"]} if is_of_parts else schema


@cache
def validator(kind: str) -> Any:
    return _strict()(_root(kind))


@cache
def _strict() -> Any:
    """jsonschema as we mean it. Imported here: who has made no mistake starts without it."""
    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(_: Any, pattern: str, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not _is_matched(instance, pattern, schema):
            yield ValidationError("does not match")

    # JSON Schema calls 60.0 an integer; AWS does not.
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: TYPES["integer"](value))
    extend: Any = validators.extend  # untyped in its stubs
    return extend(Draft202012Validator, {"pattern": pattern}, type_checker=types)


@cache
def is_good(kind: str) -> Check:
    """Says of a value whether the validator finds nothing, in a tenth of the time."""
    schema = _root(kind)
    return Compiler(schema, _is_matched).check(schema)


def faults(document: Document, kind: str) -> list[Fault]:
    """Every fault of a YAML document against a schema, with the place of the key or value that is wrong."""
    return [
        Fault(document.key(pointer) if is_key else document.at(pointer), FITS_ITS_SCHEMA.ends(message))
        for pointer, message, is_key in findings(document.value, kind, document.texts)
    ]


def findings(value: Any, kind: str, texts: Mapping[str, str] = NO_TEXTS) -> list[tuple[str, str, bool]]:
    """(JSON Pointer, message, whether the key rather than its value is meant) of everything wrong with `value`; `texts`
    says, by pointer, how numbers and the like are written in the file."""
    if is_good(kind)(value):
        return []
    errors = list(validator(kind).iter_errors(value))
    by_choice = {tuple(error.absolute_path) for error in errors if error.validator == "enum"}
    return [
        finding
        for error in errors
        if not (
            error.validator == "type" and tuple(error.absolute_path) in by_choice
        )  # the choice says the type as well
        for finding in _worded(error, kind, texts)
    ]


def pointer(path: Iterable[Any]) -> str:
    return "".join(f"/{escaped(str(step))}" for step in path)


def dotted(path: Sequence[Any]) -> str:
    """A path as people say it: `configuration.Environment.Variables.STAGE`, `Layers[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
        if text.endswith("Environment.Variables"):
            name = next(iter(path[-1:]), "")  # a name is shown only where it is one: it could be all of KEY=VALUE
            return (
                text if name == step else f"{text}.{name if re.fullmatch('[A-Za-z][A-Za-z0-9_]*', str(name)) else '…'}"
            )
    return text or "the document"


def _worded(error: Error, kind: str, texts: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    if error.validator in ("anyOf", "oneOf") and error.context:
        error = min(error.context, key=lambda inner: (inner.validator == "type", -len(inner.absolute_path)))
    path = list(error.absolute_path)
    if error.validator == "additionalProperties":
        for key in error.instance:
            if key not in error.schema.get("properties", {}):
                yield pointer([*path, key]), unknown_key(key, path, error.schema, kind), True
    elif error.validator == "propertyNames" or _is_about_a_name(error):
        yield pointer([*path, str(error.instance)]), _bad_name(error, path), True
    elif error.validator == "required":
        for name in error.validator_value:
            if f"'{name}'" in error.message:  # jsonschema makes an error for each missing name
                yield pointer(path), f"{_where(path, kind)} needs {name}", True
    else:
        wrong = _wrong(error)
        if error.validator == "type" and pointer(path) in texts and not _holds_secrets(error):
            wrong = wrong.replace(f'write "{json.dumps(error.instance)}"', f'write "{texts[pointer(path)]}"')
        yield pointer(path), f"{dotted(path)} {wrong}", False


def _where(path: list[Any], kind: str) -> str:
    return (
        dotted(path)
        if path
        else {"function": "a spec", "config": "reconcile.yaml", "defaults": "a file of defaults"}.get(kind, f"a {kind}")
    )


def _is_about_a_name(error: Error) -> bool:
    return "propertyNames" in error.absolute_schema_path


def _bad_name(error: Error, path: list[Any]) -> str:
    name = json.dumps(error.instance, ensure_ascii=False)
    if "Environment" in path:
        return f"a name under {dotted(path)} must be {_form(error)}"
    if not str(error.instance).strip():
        return f"a name under {dotted(path)} is blank; give it one"
    if path == ["aliases"] and str(error.instance).isdigit():
        return f"an alias may not be called {name}: all digits is a version's number"
    if error.validator == "maxLength":
        return f"the name {name} under {dotted(path)} is longer than {error.validator_value}"
    return f"{name} is no name for a key under {dotted(path)}; it must be {_form(error)}"


def unknown_key(key: str, path: list[Any], schema: Mapping[str, Any], kind: str) -> str:
    """What to say of a key that the schema does not have."""
    known = [name for name, inner in schema.get("properties", {}).items() if not inner.get("readOnly")]
    name = dotted([*path, key])
    refused = schema.get("x-refused", {}).get(key)
    if refused:
        return f"{name} is not written here: {refused}"
    what = _sort_of_key(known, kind, is_nested=bool(path))
    return f"{name} is not {what}{_suggestion(key, known, kind, bool(path))}"


def _sort_of_key(known: Sequence[str], kind: str, *, is_nested: bool) -> str:
    """What a key would be if it stood among those that are known there."""
    if kind not in ("function", "layer", "defaults"):
        return "known"
    if not is_nested:
        return "a key of defaults" if kind == "defaults" else "a key of a spec"
    if known and not any(word[0].isupper() for word in known):
        return "known"
    return "a setting of a layer" if kind == "layer" else "a Lambda setting"


def _suggestion(key: str, known: list[str], kind: str, is_nested: bool) -> str:
    folded = {name.lower(): name for name in known}
    if key.lower() in folded:
        return f"; did you mean {folded[key.lower()]}?"
    close = get_close_matches(key.lower(), folded, n=1, cutoff=0.7)
    if kind in ("function", "defaults"):
        elsewhere = _section_of(key) if not close or close[0] != key.lower() else ""
        seed = SEED_WORDS.get(re.sub(r"[^a-z0-9]", "", key.lower()), "")
        if elsewhere:
            return f"; it belongs under `{elsewhere}`"
        if seed and not (is_nested and close):
            return f"; write {seed}"
    if close:
        return f"; did you mean {folded[close[0]]}?"
    few = ", ".join(sorted(known)[:12])
    return f"; known are {few}" if few and len(known) <= 12 else ""


def _section_of(key: str) -> str:
    """The section of a spec that has this very key."""
    sections = load_schema("function")["properties"]
    for name, section in sections.items():
        inner, steps = section, [name]
        while isinstance(inner.get("additionalProperties"), Mapping):
            inner = inner["additionalProperties"]
            steps.append("NAME")
        own = inner.get("properties", {})
        if key in own and not own[key].get("readOnly"):
            return ".".join(steps)
    return ""


def _holds_secrets(error: Error) -> bool:
    """Whether the schema calls the value, or anything that could stand in it, sensitive."""
    return '"x-sensitive"' in json.dumps(error.schema)


def _shown(error: Error) -> str:
    """The wrong value, shortened; only its kind where it is a collection or could hold something sensitive."""
    if isinstance(error.instance, dict | list) or _holds_secrets(error):
        return KINDS_OF_VALUE[type(error.instance)]
    text = json.dumps(error.instance, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _form(error: Error) -> str:
    """What a text must look like, in words where the schema has them."""
    return str(error.schema.get("x-words") or f"of the form {error.validator_value}")


def _example(error: Error) -> str:
    """`; did you mean …?`, where the schema knows examples and one of them is near."""
    folded = {example.casefold(): example for example in error.schema.get("examples", ())}
    near = get_close_matches(str(error.instance).casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[near[0]]}?" if near else ""


def _wrong_type(error: Error) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    words = " or ".join(TYPE_WORDS[name] for name in wanted)
    value = error.instance
    if "string" in wanted and isinstance(value, bool | int | float):
        if _holds_secrets(error):
            return f"must be {words}: put the value in quotes"
        if not re.search(error.schema.get("pattern", ""), json.dumps(value)):  # quotes alone would be the next mistake
            return f"must be {_form(error) if 'x-words' in error.schema else words}, not {_shown(error)}"
        return f'must be {words}: write "{json.dumps(value)}"'
    if "object" in wanted and (pairs := _pairs(value)) and not _holds_secrets(error):
        text = ", ".join(f"{key}: {json.dumps(item, ensure_ascii=False)}" for key, item in pairs.items())
        return f"must be a map, not a list of maps: write {{{text}}}"
    if (
        set(wanted) & {"integer", "number"}
        and isinstance(value, str)
        and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]+)?", value)
    ):
        number = float(value)
        return f"must be {words}: write {int(number) if number.is_integer() else value} without quotes"
    if "integer" in wanted and isinstance(value, float) and value.is_integer():
        return f"must be {words}: write {int(value)}"
    if "boolean" in wanted and isinstance(value, str) and value.lower() in (*YES, *NO):
        return f"must be {words}, not {_shown(error)}: write {'true' if value.lower() in YES else 'false'}"
    if value is None and wanted == ["object"] and len(error.absolute_path) == 1:
        return f"must be {words}, and is empty: write {{}} for none, or take {error.absolute_path[0]} out to leave it alone"
    if value is None:
        return f"must be {words}, and is empty"
    return f"must be {words}, not {_shown(error)}"


def _pairs(value: Any) -> dict[str, str]:
    """What a list says whose items are of one name each, `{name: value}` or `{Key: name, Value: value}`; of any other nothing."""
    pairs = [_pair(item) for item in value] if isinstance(value, list) else []
    return {name: text for pair in pairs if pair for name, text in [pair]} if all(pairs) else {}


def _pair(item: Any) -> tuple[str, str] | None:
    texts = {key.lower(): text for key, text in item.items()} if isinstance(item, dict) else {}
    match texts:
        case {"key": str() as name, "value": str() as text} | {"name": str() as name, "value": str() as text}:
            return (name, text) if len(texts) == 2 else None
    named = [(name, text) for name, text in item.items() if isinstance(text, str)] if len(texts) == 1 else []
    return named[0] if named else None


def _not_allowed(error: Error) -> str:
    values = [item for item in error.validator_value if item is not None]
    is_of_numbers = all(isinstance(item, int) for item in values)
    if isinstance(error.instance, int) and is_of_numbers:
        below = [item for item in values if item < error.instance]
        above = [item for item in values if item > error.instance]
        near = [*sorted(below)[-1:], *sorted(above)[:1]]
        return f"is {_shown(error)}; the nearest that are allowed are {' and '.join(map(str, near))}"
    if error.instance in map(str, values):
        return f"must be {TYPE_WORDS['integer']}: write {error.instance} without quotes"
    allowed = [str(item) for item in values]
    folded = {item.casefold(): item for item in allowed}
    meant = str(error.instance).casefold()
    close = get_close_matches(ELSEWHERE.get(meant, meant), folded, n=1, cutoff=0.5)
    hint = f"; did you mean {folded[close[0]]}?" if close else ""
    choice = (
        ", ".join(allowed)
        if len(allowed) <= 12 or is_of_numbers
        else f"{', '.join(allowed[-8:])} and {len(allowed) - 8} others"
    )
    return f"is {_shown(error)}{hint if len(allowed) > 12 and hint else f'; allowed are {choice}{hint}'}"


_WORDING: Mapping[str, Callable[[Error], str]] = {
    "type": _wrong_type,
    "enum": _not_allowed,
    "pattern": lambda error: f"is {_shown(error)}; it must be {_form(error)}{_example(error)}",
    "minimum": lambda error: f"is {_shown(error)}; the least is {error.validator_value}",
    "maximum": lambda error: f"is {_shown(error)}; the most is {error.validator_value}",
    "minLength": lambda error: f"is shorter than {many(error.validator_value, 'character')}",
    "maxLength": lambda error: f"is {many(len(error.instance), 'character')} long; the most is {error.validator_value}",
    "minItems": lambda error: f"has {many(len(error.instance), 'item')}; the least is {error.validator_value}",
    "maxItems": lambda error: f"has {many(len(error.instance), 'item')}; the most is {error.validator_value}",
    "minProperties": lambda error: f"has {len(error.instance)} entries; the least is {error.validator_value}",
    "maxProperties": lambda error: f"has {len(error.instance)} entries; the most is {error.validator_value}",
    "uniqueItems": lambda error: "names something twice",
    "const": lambda error: f"must be {error.validator_value!r}",
}


def _wrong(error: Error) -> str:
    word = _WORDING.get(str(error.validator))
    return word(error) if word else f"does not satisfy `{error.validator}`"


def close_match(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, or what there is to choose from."""
    names = list(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(names)}" if names else ""


def named_again(document: Document, thing: str, names: Iterable[tuple[str, str]], rule: Rule) -> Iterator[Fault]:
    """Of (name, pointer) in their order: each that an earlier one has already."""
    seen: dict[str, Any] = {}
    for name, pointer in names:
        origin = document.at(pointer)
        if name in seen:
            yield Fault(origin, rule.ends(f"{thing} {name} stands here again; it is already at {seen[name]}"))
        seen.setdefault(name, origin)
