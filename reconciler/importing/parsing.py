"""What readers share: a file's JSON, if it is that at all; members of what strangers wrote, whatever they are; names of functions; what is
let go of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.errors import SourceError
from reconciler.importing.told import File, Part

CODE = ("S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri")  # where code is, as CreateFunction takes it
AS_IT_IS = "write what the command prints into a file as it is"
_FUNCTION = re.compile(
    r"(?:arn:[a-z0-9-]+:lambda:(?P<region>[a-z0-9-]*):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<function>[a-zA-Z0-9-_]{1,140})(?::(?P<qualifier>[$a-zA-Z0-9-_]+))?"
)
_UNFIT = re.compile(r"[^a-zA-Z0-9-_.]+")


def json_of(file: File, *marks: str) -> Any:
    """What a file of JSON holds; None for one in which a mark is missing, which is of another source. Raises SourceError."""
    if not all(mark in file.text for mark in marks):
        return None
    return parsed_json(file.text, file.path)


def parsed_json(text: str, path: str, mend: str = AS_IT_IS) -> Any:
    """Raises SourceError, with the place of what is wrong and what to do instead."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise SourceError(f"{path}: is nested too deeply") from error
    except json.JSONDecodeError as error:
        why = error.msg[:1].lower() + error.msg[1:]
        raise SourceError(f"{path}:{error.lineno}:{error.colno}: is not JSON: {why}; {mend}") from error
    except ValueError as error:
        raise SourceError(f"{path}: is not JSON: a number is too long; {mend}") from error


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """The maps of a list."""
    yield from (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def label_of(name: str) -> str:
    """A name as a label may be written."""
    return _UNFIT.sub("-", name).strip("-")


@dataclass(frozen=True, slots=True)
class Name:
    """A function as one of its names or ARNs says it, with what else stands there."""

    function: str
    region: str = ""
    account_id: str = ""

    def may_be_at(self, region: str, account_id: str) -> bool:
        """Whether nothing that is known speaks against this place."""
        return region in ("", self.region or region) and account_id in ("", self.account_id or account_id)


def name_of(words: Any) -> Name | None:
    """A name, a part of an ARN or all of it, with a qualifier or without."""
    known = _FUNCTION.fullmatch(text(words))
    return Name(known["function"], known["region"] or "", known["account"] or "") if known else None


def let_go(owned: Sequence[Part], kept: Sequence[Part]) -> list[str]:
    """The names of the parts that specs now own, but for those that a part which is kept has as well; sorted."""
    return sorted({part.name for part in owned} - {part.name for part in kept})
