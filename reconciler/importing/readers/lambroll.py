"""lambroll: function.json and function.jsonnet, which say what CreateFunction takes. What lambroll asks an environment, a state or AWS for is
not asked here: it stays as it is written, and a name that is made so is told.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.diff import pointer
from reconciler.core.errors import SourceError
from reconciler.core.foreign import printable
from reconciler.files import jsonnet
from reconciler.importing.parsing import CODE, let_go, mapping, name_of, parsed_json, text
from reconciler.importing.told import File, Part, Reader, Said, Told

MOST_CHARACTERS = 2**20
SYMBOLS = ("Role", "KMSKeyArn", "Layers", "DeadLetterConfig", "FileSystemConfigs", "VpcConfig", "CodeSigningConfigArn")
KEPT = ("FunctionName", "Config", "Code", *SYMBOLS)
NEEDED = """\
local whole = (
%s
);
if std.isObject(whole) then { [name]: whole[name] for name in %s if std.objectHas(whole, name) } else {}
"""
ASKING = {"env": 2, "must_env": 1, "ssm": 1, "tfstate": 1, "layer_arn": 2}  # native functions, with how much each takes
CALLER = ("Account", "Arn", "UserId")
RENDER = "write what `lambroll render` prints into a file, and name that"
HOW = """\
# lambroll keeps nothing anywhere else: let no workflow run `lambroll deploy` or `lambroll delete` for these any more, and take the files out."""
_TEMPLATE = r"\{\{[^{}\n]{1,500}\}\}"
_PREFIXED = re.compile(r"""native\(\s*['"](\w{1,60}tfstate)['"]""")  # of several states each has its own
_PIECE = re.compile(rf'"(?>{_TEMPLATE}|\\.|[^"\\])*+"|{_TEMPLATE}')


@dataclass(frozen=True, slots=True)
class Definition:
    """What a file says, without what it says of the environment."""

    path: str
    value: Mapping[str, Any]


def parsed(file: File) -> Definition | None:
    is_jsonnet = file.path.endswith((".jsonnet", ".libsonnet"))
    is_ours = is_jsonnet or (
        file.text.lstrip()[:1] == "{" and ('"FunctionName"' in file.text or '"AuthType"' in file.text)
    )
    if not is_ours:
        return None
    if len(file.text) > MOST_CHARACTERS:
        raise SourceError(f"{file.path}: is too long for a function of lambroll")
    written = evaluated(file) if is_jsonnet else _PIECE.sub(_as_text, file.text)
    value = mapping(parsed_json(written, file.path, f"mend it, or {RENDER}"))
    if "FunctionName" not in value and "AuthType" not in mapping(value.get("Config")):
        return None
    return Definition(file.path, {name: value[name] for name in KEPT if name in value})


def _as_text(piece: re.Match[str]) -> str:
    """A text of JSON in which templates have no quotes of their own; a template that stands alone is one as well."""
    if not piece[0].startswith('"'):
        return json.dumps(piece[0])
    return re.sub(_TEMPLATE, lambda template: json.dumps(template[0])[1:-1], piece[0])


def evaluated(file: File) -> str:
    """The JSON of what is needed of a file of Jsonnet: all else, which may ask for what nobody knows here, is not evaluated. Raises SourceError."""
    natives = ASKING | dict.fromkeys(_PREFIXED.findall(file.text), ASKING["tfstate"])
    caller = {member: f"{{{{ caller_identity.{member} }}}}" for member in CALLER}
    try:
        return jsonnet.evaluated(
            NEEDED % (file.text, json.dumps(KEPT)),
            natives=natives,
            values={"caller_identity": caller},
            most_characters=MOST_CHARACTERS,
        )
    except jsonnet.NoJsonnet as error:
        raise SourceError(f"{file.path}: for Jsonnet install lambda-reconciler[import], or {RENDER}") from error
    except jsonnet.Unevaluated as error:
        raise SourceError(f"{file.path}: cannot be evaluated here: {printable(str(error))[:120]}; {RENDER}") from error


def told(held: Sequence[Definition]) -> Told:
    functions: list[Said] = []
    notes: list[str] = []
    for definition in held:
        written = text(definition.value.get("FunctionName"))
        name = name_of(written)
        if name:
            functions.append(_said(definition, name.function, name.region, name.account_id))
        elif "{{" in written:
            notes.append(f"{definition.path}: only lambroll can tell what {written} is; {RENDER}")
        else:
            notes.append(f"{definition.path}: names no function; what AWS holds of a URL is imported without it")
    return Told(tuple(functions), tuple(map(printable, notes)))


def _said(definition: Definition, function: str, region: str, account_id: str) -> Said:
    code = mapping(definition.value.get("Code"))
    return Said(
        function=function,
        file=definition.path,
        region=region,
        account_id=account_id,
        code={name: text(code[name]) for name in CODE if text(code.get(name)) and "{{" not in text(code[name])},
        symbols={pointer(("configuration", *steps)): words for steps, words in _templates(definition.value)},
        parts=(Part("configuration", definition.path),),
    )


def _templates(value: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text below the members that may refer to something, with a template in it."""
    left: list[tuple[tuple[str, ...], Any]] = [((name,), value[name]) for name in SYMBOLS if name in value]
    while left:
        steps, item = left.pop()
        if isinstance(item, str) and "{{" in item:
            yield steps, item
        below = item.items() if isinstance(item, Mapping) else enumerate(item) if isinstance(item, list) else ()
        left += [((*steps, str(name)), inner) for name, inner in below]


def hand_over(owned: Sequence[Part], kept: Sequence[Part]) -> str:
    names = let_go(owned, kept)
    return "\n".join((HOW, *(f"git rm -- {shlex.quote(printable(name))}" for name in names), "")) if names else ""


LAMBROLL = Reader(
    name="lambroll",
    about="lambroll's function.json or function.jsonnet",
    parsed=parsed,
    told=told,
    hand_over=hand_over,
)
