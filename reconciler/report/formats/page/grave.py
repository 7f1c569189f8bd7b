"""What a reviewer must not miss: refusals, what will be gone, and changes of rights, keys, networks, foreign code and openness. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.grouping import grouped
from reconciler.report.formats import Document, View
from reconciler.report.formats.page.alike import NAME, Group
from reconciler.report.formats.page.text import bold, inert, line_link, named
from reconciler.report.formats.shown import cause_text, function_of, is_itself, value_text

NAMES_ROOM = 600  # bytes for the names of functions in one line
GONE_ROOM = 4_000  # … of what will be gone


@dataclass(frozen=True, slots=True)
class Concern:
    """What to call a change of the fields whose paths match, unless `is_one` finds what they become harmless. `field` is as formats
    show it; `account` is the number of the target's account, empty where the plan does not say it."""

    word: str
    paths: str
    is_one: Callable[[Document, str], bool] = lambda _, __: True
    also_new: bool = False  # of a resource that is only now created, too


def _is_foreign(field: Document, account: str) -> bool:
    return bool(_foreign_layers(field, account))


def _foreign_layers(field: Document, account: str) -> list[str]:
    """Layers that were not there before, of another account than the function's."""
    after = re.findall(r"arn:[^:\s]+:lambda:[^:\s]*:([^:\s]*):layer:", str(field["after"]))
    before = str(field["before"])
    return [number for number in after if number != account and f":{number}:layer:" not in before]


def _let_in(field: Document) -> list[str]:
    """The principals that a field names, one or a list, and did not name before."""
    before, after = (
        re.findall(r'"([^"]*)"', text) if text.startswith("[") else [text]
        for text in (str(field["before"]), str(field["after"]))
    )
    return [whom for whom in after if whom not in before]


def _is_everybody(field: Document, _: str) -> bool:
    return "*" in _let_in(field)


def _is_of_another_account(field: Document, account: str) -> bool:
    """Whether a principal is an account, or one of its roles or users, that is not the function's."""
    whose = (re.fullmatch(r"(?:arn:[^:\s]+:(?:iam|sts)::)?([0-9]{12})(?::.*)?", whom) for whom in _let_in(field))
    return any(one and one[1] != account for one in whose)


def _is_taken_out(field: Document, _: str) -> bool:
    return bool(field["after"] == value_text(None))


def _is_shorter(field: Document, _: str) -> bool:
    """Whether days are fewer than they were; without a number they never end."""
    before, after = str(field["before"]), str(field["after"])
    return after.isdigit() and not (before.isdigit() and int(before) <= int(after))


_PERMISSION = r"/permissions/[^/]+/(?:policy/Statement/[^/]+|(?!policy/)[^/]+)"
CONCERNS = (
    Concern(
        "stop", r"/concurrency/ReservedConcurrentExecutions", lambda field, _: field["after"] == "0", also_new=True
    ),
    Concern("public access", r"/urls/[^/]+/AuthType", lambda field, _: field["after"] == "NONE", also_new=True),
    Concern("public access", rf"{_PERMISSION}/Principal(?:/AWS)?", _is_everybody, also_new=True),
    Concern("access of another account", rf"{_PERMISSION}/Principal(?:/AWS)?", _is_of_another_account, also_new=True),
    Concern("access under fewer conditions", rf"{_PERMISSION}/(?!Action|Principal)[A-Za-z]+(?:/.+)?", _is_taken_out),
    Concern("logs deleted earlier", r"/log_group/retention_days", _is_shorter),
    Concern("role", r"/configuration/Role"),
    Concern("code signing", r"/code_signing/.*"),
    Concern("KMS key", r"/.*(KMSKeyArn|KmsKeyArn)"),
    Concern("VPC", r"/configuration/VpcConfig(/.*)?"),
    Concern("layer of another account", r"/configuration/Layers(/.*)?", _is_foreign, also_new=True),
)
GONE = {"delete": "deleted", "replace": "replaced"}


def concerns(group: Group, accounts: dict[str, str]) -> list[tuple[str, Document, Document]]:
    """(word, action, field) of what is grave about a group's change, the gravest first."""
    account = accounts.get(group.addresses[0].partition("/")[0], "")
    return [
        (concern.word, action, field)
        for concern in CONCERNS
        for action in group.common["actions"]
        for field in action["fields"]
        if re.fullmatch(concern.paths, field["path"])
        and (concern.also_new or action["verb"] != "create")
        and concern.is_one(field, account)
    ]


def accounts_of(plan: Document) -> dict[str, str]:
    """The number of each account that the plan says it of."""
    found: dict[str, str] = {}
    for account in plan.get("configuration", {}).get("accounts", ()):
        number = account["values"].get(f"/aws/accounts/{account['name']}/accountId")
        found |= {account["name"]: number} if isinstance(number, str) else {}
    return found


def is_gone(action: Document) -> bool:
    return bool(action["verb"] in GONE)


def gone_lines(groups: Sequence[Group]) -> Iterator[str]:
    """A line for each sort of thing that will be gone."""
    for verb, word in GONE.items():
        for group in groups:
            for action in (one for one in group.common["actions"] if one["verb"] == verb):
                reason = f" ({inert(action['reason'])})" if action["reason"] else ""
                by = (
                    f" {inert(' '.join(filter(None, (cause_text(action['cause']), action['author']))))}"
                    if action["cause"]
                    else ""
                )
                yield f"- ⛔ {bold(word)}{_resource(action)} {counted(group.names, GONE_ROOM)}{reason}{by}\n"


def concern_lines(groups: Sequence[Group], accounts: dict[str, str], view: View) -> Iterator[str]:
    """A line for each grave change: of one word those of all groups that say the same together, in the order of CONCERNS."""
    found: dict[tuple[int, str], tuple[list[str], str]] = {}
    words = [concern.word for concern in CONCERNS]
    for group in groups:
        for word, action, field in concerns(group, accounts):
            what = f"{bold(word)}{_resource(action)} {value_change(field)}"
            names, _ = found.setdefault((words.index(word), what), ([], line_link(field["source"], view)))
            names += group.names
    for (_, what), (names, where) in sorted(found.items(), key=lambda one: one[0][0]):
        yield f"- ❗ {what}: {counted(names)}{f' {where}' if where and len(names) == 1 else ''}\n"


def _resource(action: Document) -> str:
    return "" if is_itself(action) else f" {inert(action['name'])}"


def value_change(field: Document) -> str:
    """A field's two sides; the ends of long ones are in the diff. Of what AWS does not tell the first is what git said."""
    held = f"{_short(value_text(field['said']))} (git)" if "said" in field else _short(field["before"])
    before, after = held, _short(field["after"])
    is_bare = field["is_new"] or (field.get("not_told") and "said" not in field)
    return bold(after) if is_bare else f"{inert(before)} → {bold(after)}"


def _short(text: str) -> str:
    """A value in a table: an ARN by what it names, an image without its registry, anything else that is long by a word."""
    if match := re.fullmatch(
        r"[0-9]{12}\.dkr\.ecr\.[a-z0-9.-]+/([^\s@]{1,60})(?:@(sha256:[0-9a-f]{8})[0-9a-f]{56})?", text
    ):
        return f"{match[1]}@{match[2]}…" if match[2] else match[1]
    if match := re.fullmatch(r"arn:[^:\s]*:[^:\s]*:[^:\s]*:([0-9]*):([^\s\"]+)", text):
        return match[2] if len(match[2]) <= 60 else "(a long ARN)"
    return text if len(text) <= 60 else "(long, see the diff)"


def counted(names: Sequence[str], room: int = NAMES_ROOM) -> str:
    """Names, as many as have room, with their number in front where they are many."""
    return f"{f'{len(names)} functions: ' if len(names) > 3 else ''}{named(names, room)}"


# --- what is said of many -------------------------------------------------------------------------------------------


def said_lines(notes: Sequence[Document], view: View, sign: str) -> list[str]:
    """A line for each thing that is said, of many functions in the same words together."""
    lines = []
    for text, same in grouped(notes, _nameless).items():
        where = line_link(same[0]["source"], view, whole=True)
        names = [function_of(note["address"]) for note in same if note["address"]]
        if len(same) == 1:
            lines.append(f"- {sign} {': '.join(filter(None, (where, inert(same[0]['message']))))}\n")
        else:
            lines.append(f"- {sign} {inert(text)} ({counted(names) if names else f'{len(same)} times'})\n")
    return lines


def _nameless(note: Document) -> str:
    """The message without the function's name, so that many can be told at once."""
    message, address = str(note["message"]), note["address"]
    if not address:
        return message
    name = function_of(address)
    message = message.replace(address, NAME)
    return re.sub(rf"(?<![A-Za-z0-9_-]){re.escape(name)}(?![A-Za-z0-9_-])", NAME, message)


def refusals(plan: Document) -> list[Any]:
    return [note for note in plan["diagnostics"] if note["severity"] == "refusal"]
