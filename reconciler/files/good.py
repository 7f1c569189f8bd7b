"""A JSON Schema made into a function that says whether a value satisfies it, and of one that does not nothing more: a file is mostly
right, and what is wrong is found and worded by jsonschema. Pure.

Whoever makes it must know every keyword of the schema, or nobody may rely on its yes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], bool]
Schema: TypeAlias = Mapping[str, Any]

SAYS_NOTHING = frozenset(
    ["$comment", "$schema", "$id", "$defs", "title", "description", "readOnly", "examples", "then", "else"]
)
OWN = "x-"  # with what keywords begin that only words are made of
TYPES: Mapping[str, Check] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}
IS_NUMBER = TYPES["number"]


class Compiler:
    """Makes the checks of one schema; `is_matched` judges a text by its pattern and by the schema that has it."""

    def __init__(self, root: Schema, is_matched: Callable[[str, str, Schema], bool]) -> None:
        self._root = root
        self._is_matched = is_matched
        self._referred: dict[str, Check] = {}

    def check(self, schema: Schema | bool) -> Check:
        """Raises LookupError for a keyword that nobody has taught it."""
        if isinstance(schema, bool):
            return lambda _: schema
        told = [keyword for keyword in schema if keyword not in SAYS_NOTHING and not keyword.startswith(OWN)]
        checks = tuple(KEYWORDS[keyword](self, schema[keyword], schema) for keyword in told)
        if len(checks) == 1:
            return checks[0]

        def is_good(value: Any) -> bool:
            for one in checks:  # noqa: SIM110  a generator for every value costs more than all of its checks
                if not one(value):
                    return False
            return True

        return is_good

    # --- any value --------------------------------------------------------------------------------------------------

    def of_type(self, names: str | Sequence[str], _: Schema) -> Check:
        if isinstance(names, str):
            return TYPES[names]
        checks = tuple(TYPES[name] for name in names)
        return lambda value: any(check(value) for check in checks)

    def enum(self, values: Sequence[Any], _: Schema) -> Check:
        """Of texts, numbers and null, true and false being no numbers."""
        known = frozenset(map(_told_apart, values))
        return lambda value: not isinstance(value, dict | list) and _told_apart(value) in known

    def const(self, value: Any, schema: Schema) -> Check:
        return self.enum([value], schema)

    def any_of(self, schemas: Sequence[Schema], _: Schema) -> Check:
        checks = tuple(map(self.check, schemas))
        return lambda value: any(check(value) for check in checks)

    def condition(self, condition: Schema, schema: Schema) -> Check:
        is_so = self.check(condition)
        then, otherwise = (self.check(schema.get(name, True)) for name in ("then", "else"))
        return lambda value: then(value) if is_so(value) else otherwise(value)

    def reference(self, pointer: str, _: Schema) -> Check:
        """Made when it is first asked for, since a schema may refer to what it is part of."""

        def is_good(value: Any) -> bool:
            if pointer not in self._referred:
                inner: Any = self._root
                for step in pointer.removeprefix("#/").split("/"):
                    inner = inner[step]
                self._referred[pointer] = self.check(inner)
            return self._referred[pointer](value)

        return is_good

    # --- texts and numbers ------------------------------------------------------------------------------------------

    def pattern(self, pattern: str, schema: Schema) -> Check:
        is_matched = self._is_matched
        return lambda value: not isinstance(value, str) or is_matched(value, pattern, schema)

    def min_length(self, least: int, _: Schema) -> Check:
        return lambda value: not isinstance(value, str) or len(value) >= least

    def max_length(self, most: int, _: Schema) -> Check:
        return lambda value: not isinstance(value, str) or len(value) <= most

    def minimum(self, least: float, _: Schema) -> Check:
        return lambda value: not IS_NUMBER(value) or not value < least

    def maximum(self, most: float, _: Schema) -> Check:
        return lambda value: not IS_NUMBER(value) or not value > most

    def exclusive_minimum(self, bound: float, _: Schema) -> Check:
        return lambda value: not IS_NUMBER(value) or not value <= bound

    # --- lists ------------------------------------------------------------------------------------------------------

    def items(self, items: Schema, _: Schema) -> Check:
        check = self.check(items)
        return lambda value: not isinstance(value, list) or all(map(check, value))

    def min_items(self, least: int, _: Schema) -> Check:
        return lambda value: not isinstance(value, list) or len(value) >= least

    def max_items(self, most: int, _: Schema) -> Check:
        return lambda value: not isinstance(value, list) or len(value) <= most

    def unique_items(self, is_wanted: bool, schema: Schema) -> Check:
        """Of lists of texts: what holds something else is wrong by `items`."""
        if not is_wanted or schema["items"]["type"] != "string":
            raise LookupError("uniqueItems")

        def is_good(value: Any) -> bool:
            texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
            return len(set(texts)) == len(texts)

        return is_good

    # --- maps -------------------------------------------------------------------------------------------------------

    def properties(self, properties: Mapping[str, Schema], _: Schema) -> Check:
        checks = {name: self.check(inner) for name, inner in properties.items()}

        def is_good(value: Any) -> bool:
            if isinstance(value, dict):
                for name, item in value.items():
                    if name in checks and not checks[name](item):
                        return False
            return True

        return is_good

    def additional_properties(self, others: Schema | bool, schema: Schema) -> Check:
        known, check = frozenset(schema.get("properties", ())), self.check(others)
        if others is False:
            return lambda value: not isinstance(value, dict) or value.keys() <= known
        return lambda value: (
            not isinstance(value, dict) or all(name in known or check(item) for name, item in value.items())
        )

    def property_names(self, names: Schema, _: Schema) -> Check:
        check = self.check(names)
        return lambda value: not isinstance(value, dict) or all(map(check, value))

    def required(self, names: Sequence[str], _: Schema) -> Check:
        needed = frozenset(names)
        return lambda value: not isinstance(value, dict) or value.keys() >= needed

    def min_properties(self, least: int, _: Schema) -> Check:
        return lambda value: not isinstance(value, dict) or len(value) >= least

    def max_properties(self, most: int, _: Schema) -> Check:
        return lambda value: not isinstance(value, dict) or len(value) <= most


KEYWORDS: Mapping[str, Callable[[Compiler, Any, Schema], Check]] = {
    "type": Compiler.of_type, "enum": Compiler.enum, "const": Compiler.const, "anyOf": Compiler.any_of,
    "if": Compiler.condition, "$ref": Compiler.reference,
    "pattern": Compiler.pattern, "minLength": Compiler.min_length, "maxLength": Compiler.max_length,
    "minimum": Compiler.minimum, "maximum": Compiler.maximum, "exclusiveMinimum": Compiler.exclusive_minimum,
    "items": Compiler.items, "minItems": Compiler.min_items, "maxItems": Compiler.max_items,
    "uniqueItems": Compiler.unique_items, "properties": Compiler.properties, "required": Compiler.required,
    "additionalProperties": Compiler.additional_properties, "propertyNames": Compiler.property_names,
    "minProperties": Compiler.min_properties, "maxProperties": Compiler.max_properties,
}  # fmt: skip


def _told_apart(value: Any) -> tuple[bool, Any]:
    """A value that equals no other of another sort: to Python true is 1."""
    return isinstance(value, bool), value
