"""A plan's parts as every format shows them: fields with their values, whole or at all their differences; totals; templates.

Text from specs and from AWS is data to the templates: whatever they print is made printable unless `paint` has done so,
so that a filter which somebody forgets lets no control character through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.core.diff import pointer
from reconciler.core.foreign import printable
from reconciler.core.freezes import named
from reconciler.core.rollouts import OPEN, STOPPED
from reconciler.core.words import byte_size, many
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS
from reconciler.report.costs import calls
from reconciler.report.fold import PLANNING
from reconciler.report.formats import Document

if TYPE_CHECKING:
    from jinja2 import Environment

SYMBOLS = {"create": "+", "update": "~", "replace": "-/+", "adopt": ">", "delete": "-"}
COLOURS = {
    "create": "32",
    "update": "33",
    "replace": "31",
    "adopt": "36",
    "delete": "31",
    "refusal": "31",
    "warning": "33",
    "note": "2",
    "bold": "1",
    "dim": "2",
}
LONGEST_INLINE = 100  # characters of a value that stands on the field's own line
LONGEST_WHOLE = 400  # characters of a value that is shown whole where it changes
CONTEXT = 20  # characters that two long values have in common, kept before and after what differs
FILES_SHOWN = 10  # of a package
MOST_COMPARED = 40_000  # pairs of items; longer lists are shown as taken out and put in
MARKERS = ("(sensitive)", "(known after apply)", "(not told by AWS)")

Line = tuple[str, str]


# --- values --------------------------------------------------------------------------------------------------------


CAUSES = {"unapplied": "not applied yet", "behind": "behind its base"}  # the others speak for themselves


def cause_text(cause: str) -> str:
    """Why something differs, as people say it."""
    return CAUSES.get(cause, cause)


def value_text(value: Any) -> str:
    """A value in one line, whole: strings bare when they are plain words, the rest as JSON. What could pass for a word of
    ours or for an escaped character is quoted."""
    if value is None:
        return "(unset)"
    is_plain = isinstance(value, str) and re.fullmatch(r"[^\s,{}\[\]\"'\\(][^\s,{}\[\]\"'\\]*", value)
    return printable(value if is_plain else json.dumps(value, ensure_ascii=False))


def side_text(field: Document, side: str) -> str:
    """What a field was or will be: words of ours bare, what is foreign as `value_text` has it."""
    value = field[side]
    flags = (field["sensitive"], field.get("known_after_apply", False), field.get("not_told", False))
    is_marker = any(is_set and value == marker for is_set, marker in zip(flags, MARKERS, strict=True))
    if side == "before" and is_marker and "said" in field:
        return f"{str(value).removesuffix(')')}; git said {value_text(field['said'])})"
    is_partly = field["sensitive"] and str(value).startswith("(sensitive, with ")
    return str(value) if is_marker or is_partly else value_text(value)


def field_shown(field: Document, resource: str) -> dict[str, Any]:
    """A field with its name, and its values either `inline` or as `lines` of (-, + or blank, text)."""
    before, after = (side_text(field, side) for side in ("before", "after"))
    is_new = field["before"] is None
    is_short = max(len(before), len(after)) <= LONGEST_INLINE
    lines: tuple[Line, ...] = () if is_short else tuple(_lines(field, before, after))
    return {
        "by": "",
        **field,
        "name": _field_name(field["path"], resource),
        "is_new": is_new,
        "before": before,
        "after": after,
        "lines": tuple(line for line in lines if not (is_new and line[0] == "-")),
    }


def _lines(field: Document, before: str, after: str) -> Iterator[Line]:
    """Two sides that have no room in one line: a list item by item, a text whole or at its differences, all of them."""
    lists = [field[side] for side in ("before", "after")]
    if any(isinstance(side, list) for side in lists) and all(isinstance(side, list | None) for side in lists):
        yield from _items(*([value_text(item) for item in side or ()] for side in lists))
        return
    if min(len(before), len(after)) > LONGEST_WHOLE and not field["before"] is None is field["after"]:
        before, after = differing(before, after)
    yield from (("-", before), ("+", after))


def _items(before: list[str], after: list[str]) -> Iterator[Line]:
    if len(before) * len(after) > MOST_COMPARED:
        yield from (*(("-", item) for item in before), *(("+", item) for item in after))
        return
    for _, old, old_end, new, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if before[old:old_end] == after[new:new_end]:
            yield from ((" ", item) for item in after[new:new_end])
        else:
            yield from (("-", item) for item in before[old:old_end])
            yield from (("+", item) for item in after[new:new_end])


def differing(before: str, after: str) -> tuple[str, str]:
    """Two long texts from shortly before the first character that differs to shortly behind the last one."""
    shorter = min(len(before), len(after))
    start = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    end = next((at for at in range(shorter - start) if before[-1 - at] != after[-1 - at]), shorter - start)
    return (_excerpt(before, start, len(before) - end), _excerpt(after, start, len(after) - end))


def _excerpt(text: str, start: int, end: int) -> str:
    first, last = max(start - CONTEXT, 0), min(end + CONTEXT, len(text))
    return f"{'…' if first else ''}{text[first:last]}{'…' if last < len(text) else ''}"


def _field_name(path: str, resource: str) -> str:
    """A field's pointer without what its resource's name has said."""
    kind, _, name = resource.partition("/")
    prefix = f"{pointer(KINDS[kind].at(name))}/" if kind in KINDS and not KINDS[kind].is_root else "/"
    return printable(path.removeprefix(prefix).removeprefix("/").replace("/", "."))


# --- a plan's parts ------------------------------------------------------------------------------------------------


def function_of(address: str) -> str:
    """The function's name in a target's address; a layer's is `layer/NAME`."""
    return address.split("/", 2)[-1]


def resource_of(address: str, target: str) -> str:
    """What of a target an address is about; empty where that is the target itself."""
    return address.removeprefix(target).lstrip("/")


def performed_on(operation: Document, target: str) -> str:
    """What an operation is about, within its target; empty for the function itself, and where an older report does not say."""
    return resource_of(str(operation.get("address", "")), target)


def root_of(address: str) -> str:
    """What a target is, by its address; a function where nobody knows."""
    root, _, name = function_of(address).partition("/")
    return root if name and root in KINDS else FUNCTION.name


def is_itself(action: Document) -> bool:
    """Whether an action is about what its target is, rather than about something of it."""
    return KINDS[action["kind"]].is_root


def noun_of(addresses: Iterable[str]) -> str:
    """What people call all of these targets."""
    words = {KINDS[root_of(address)].of for address in addresses}
    return words.pop() if len(words) == 1 else "target"


def is_acting(target: Document) -> bool:
    return any(action["verb"] != "none" for action in target["actions"])


def is_rolling_out(target: Document) -> bool:
    """Whether an alias of it is on its way to another version, whoever has to let it go on."""
    rollouts = (action.get("rollout", {}).get("status") for action in target["actions"])
    return any(status in OPEN for status in rollouts)


def target_shown(target: Document) -> dict[str, Any]:
    """A target with its acting resources, their names without the target's address, and the width of its paths."""
    actions = []
    for action in target["actions"]:
        if action["verb"] == "none":
            continue
        name = resource_of(action["address"], target["address"]) or action["kind"]
        fields = [field_shown(field, name) for field in action["fields"]]
        width = max((len(field["name"]) for field in fields if not field["lines"]), default=0)
        shown = {
            "name": name,
            "fields": fields,
            "width": min(width, 60),
            "package": package_shown(action),
            "who": who_text(action),
        }
        actions.append({"author": "", **action, **shown})
    return {**target, "actions": actions}


def who_text(action: Document) -> str:
    """By whom AWS was changed, as people say it, or that nobody can tell; nothing where nobody asked."""
    who = action.get("who")
    if not who:
        return ""
    if "unknown" in who:
        return f"who changed it is not known: {who['unknown']}"
    name = "/".join(filter(None, (who["name"], who["session"]))) or who["type"] or "nobody with a name"
    ours = f"us ({name})" if "by" in who else name
    return f"changed by {ours}{' via ' + who['via'] if who['via'] else ''} at {who['at']}"


def package_shown(action: Document) -> dict[str, Any] | None:
    """Local code that is sent, in a `text`: how much it is, where it is put before, what differs in it or that nobody looked; and as
    `lines` of (-, + or ~, text) some of the files that differ."""
    package = action.get("package")
    if not package:
        return None
    compared, is_new = package.get("compared"), action["verb"] == "create"
    through = f", through {package['stored_at']}" if "stored_at" in package else ""
    reason = f": {package['unseen']}" if "unseen" in package else ""
    unseen = "" if is_new else f" (contents not looked at{reason})"
    whole = f"{byte_size(package['bytes'])} in {many(package['files'], 'file')}{through}"
    if not compared:
        return {"text": f"{whole}{unseen}", "lines": ()}
    lines = [_file_line(item) for item in compared["files"][:FILES_SHOWN]]
    more = sum(compared[name] for name in ("changed", "added", "removed")) - len(lines)
    if more:
        lines.append((" ", f"and {many(more, 'file')} more"))
    return {"text": f"{comparison_text(compared)}, now {whole}", "lines": tuple(lines)}


def comparison_text(compared: Document) -> str:
    """`2 files changed, 1 added, +1.2 KB`."""
    counts = [(compared[word], word) for word in ("changed", "added", "removed") if compared[word]]
    if not counts:
        return "no file changed, only how they are packed"
    (first, word), *others = counts
    grown = f"{'-' if compared['grown_bytes'] < 0 else '+'}{byte_size(abs(compared['grown_bytes']))}"
    return ", ".join([f"{many(first, 'file')} {word}", *(f"{count} {word}" for count, word in others), grown])


def _file_line(item: Document) -> Line:
    sizes = dict.fromkeys(byte_size(size) for size in (item["before"], item["after"]) if size is not None)
    mark = "+" if item["before"] is None else "-" if item["after"] is None else "~"
    return mark, f"{value_text(item['name'])}  {' → '.join(sizes)}"


def of_sorts(addresses: Sequence[str]) -> str:
    """How many targets there are of each sort: `8 functions and 1 layer`."""
    roots = [root_of(address) for address in addresses]
    counts = {kind.name: roots.count(kind.name) for kind in KINDS.values() if kind.is_root}
    return " and ".join(many(count, name) for name, count in counts.items() if count or name == FUNCTION.name)


def guard_changes(plan: Document) -> Sequence[Document]:
    """What judges the plan and is not as the files have it; told before everything else, and never cut."""
    changes: Sequence[Document] = plan.get("configuration", {}).get("changes", ())
    return changes


def guard_change(change: Document) -> str:
    source = change["source"]
    origin = f"{source['file']}:{source['line']}" if source else change["file"]
    name = change["path"].removeprefix("/").replace("/", ".") or "file"
    reason = f"  ({change['reason']})" if change["reason"] else ""
    return f"{origin}: {name}  {value_text(change['before'])} → {value_text(change['after'])}{reason}"


def note_shown(note: Document) -> str:
    """A diagnostic in one line, with its place."""
    source = note["source"]
    return f"{source['file']}:{source['line']}: {note['message']}" if source else str(note["message"])


def totals(plan: Document) -> str:
    """The summary line. That AWS holds what git says is claimed only where the plan knows it of everything."""
    summary = plan["summary"]
    unchanged = f"{summary['unchanged']} unchanged"
    refused = f", {summary['refused']} refused" if summary.get("refused") else ""
    if any(summary[verb] for verb in SYMBOLS):
        words = [f"{summary[verb]} to {verb}" for verb in SYMBOLS if summary[verb]]
        return f"Plan: {', '.join(words)}; {unchanged}{refused}. {calls(plan)}."
    if plan.get("in_sync", True):
        held = of_sorts([target["address"] for target in plan["targets"]])
        return f"No changes. What git says is what AWS holds ({held}, {unchanged})."
    stopped = [action for target in plan["targets"] for action in target["actions"] if _is_stopped(action)]
    if stopped and not refused and len(stopped) == sum(note.get("left_out", False) for note in plan["diagnostics"]):
        aliases = f"{len(stopped)} alias{' waits' if len(stopped) == 1 else 'es wait'}"
        return f"Nothing to change; {aliases} for a person ({unchanged})."
    return f"Nothing to change in what could be compared ({unchanged}{refused})."


def _is_stopped(action: Document) -> bool:
    """Whether nothing moves an alias before a person says how it goes on."""
    return action.get("rollout", {}).get("status") in STOPPED


# --- what commands end with ---------------------------------------------------------------------------------------


def is_refused(task: Document) -> bool:
    return any(result.get("operation") == PLANNING for result in task["resultObjects"])


def failed_address(task: Document) -> str:
    """The resource that a task failed at, or its target."""
    failed = (item.get("address") for item in task["operations"] if item["outcome"] == "failed")
    return str(next(filter(None, failed), task["target"]))


def why(task: Document) -> str:
    """What kept a task from being done, as whoever refused it says it; without an error, how far it came."""
    error = next((result for result in task["resultObjects"] if result.get("type") == "EXCEPTION"), None)
    if error is None:
        return str(task["status"]["status"])
    return str(error["message"]) if is_refused(task) else f"{error['cause']}: {error['message']}"


def addresses_of(task: Document) -> Iterator[tuple[str, str]]:
    """The URLs that a task made or changed, each with where AWS answers it."""
    done = [item for item in task["operations"] if item["outcome"] == "succeeded"]
    for item, result in zip(done, task["resultObjects"], strict=False):
        if result.get("functionUrl"):
            yield str(item.get("address", task["target"])), str(result["functionUrl"])


def function_row(item: Document) -> tuple[str, ...]:
    """One function of the list: where it is, and what a person looks for first."""
    address = f"{item['accountName']}/{item['region']}/{item['functionName']}"
    memory, timeout = (item[name] for name in ("memorySize", "timeout"))
    sizes = (f"{memory} MB" if memory else "", f"{timeout} s" if timeout else "")
    return (address, item["runtime"] or "image", *sizes, str(item["lastModified"] or ""))


def answer_verdict(answer: Document) -> str:
    """How an invocation went, in a line."""
    if "statusCode" not in answer:
        return "The function was not invoked."
    error = f", failed: {answer['functionError']}" if answer.get("functionError") else ""
    return f"Status {answer['statusCode']} from version {answer.get('executedVersion', '?')}{error}"


# --- templates -----------------------------------------------------------------------------------------------------


class _Painted(str):
    """Text that has been made printable, in our own colours."""

    __slots__ = ()


def painter(has_colour: bool) -> Callable[[Any, str], str]:
    def paint(text: Any, style: str) -> str:
        code = COLOURS.get(style)
        shown = printable(text)
        return _Painted(f"\x1b[{code}m{shown}\x1b[0m" if has_colour and code else shown)

    return paint


def _finished(value: Any) -> str:
    return value if isinstance(value, _Painted) else printable(value)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # imported here: much is shown without a template

    made = Environment(
        loader=PackageLoader("reconciler.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  text and markdown, escaped by filters of our own
        finalize=_finished,
    )
    made.filters |= {"many": many, "cause": cause_text, "freezes": named}
    return made


def rendered(template: str, **facts: Any) -> str:
    return _environment().get_template(template).render(symbols=SYMBOLS, **facts)
