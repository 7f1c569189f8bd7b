"""A spec that is to be, as the text of its file: what it is and where from at the top, remarks above the sections they speak of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from reconciler.core.diff import steps_of
from reconciler.core.foreign import printable
from reconciler.files.splicing import block
from reconciler.files.validation import load_schema
from reconciler.importing.drafts import Draft
from reconciler.kinds.registry import SECTION_NAMES

WIDTH = 118
NOT_FOR_ALL = ("versions",)  # which are only ever named to be deleted
FROM_ELSEWHERE = "ignore"


def text(draft: Draft, heading: Sequence[str]) -> str:
    """The file of a draft, with a heading of comments."""
    lines = [*(line for remark in heading for line in comment(remark)), *_sections(draft), *_unowned(draft)]
    return "".join(f"{line}\n" for line in lines)


def comment(remark: str) -> list[str]:
    return [f"# {line}" for line in wrap(printable(remark), WIDTH, break_long_words=False, break_on_hyphens=False)]


def _sections(draft: Draft) -> Iterator[str]:
    """The document's entries in the order in which people write them, each below its remarks."""
    left: dict[str, list[str]] = {}
    for item in draft.left:
        left.setdefault(steps_of(item.path)[0], []).append(f"left to others: {item.path}, for {item.reason}")
    for name in _order(draft):
        remarks = (*draft.remarks.get(name, ()), *left.get(name, ()))
        value = draft.document.get(name)
        is_section = name in SECTION_NAMES or name == FROM_ELSEWHERE
        yield from [""] if is_section else []
        yield from (line for remark in remarks for line in comment(remark))
        yield from block(name, value, 0) if name in draft.document else []


def _order(draft: Draft) -> list[str]:
    spoken_of = {*draft.document, *draft.remarks, *(steps_of(item.path)[0] for item in draft.left)}
    order = list(load_schema("function")["properties"])
    first = [name for name in ("function", "extends", "account", "region", "regions", "adopt") if name in spoken_of]
    return [*first, *sorted(spoken_of - {*first, FROM_ELSEWHERE}, key=order.index), *({FROM_ELSEWHERE} & spoken_of)]


def _unowned(draft: Draft) -> Iterable[str]:
    """Which sections there is nothing to say in, so that nobody takes their silence for a promise."""
    spoken_of = {*draft.document, *draft.elsewhere, *(steps_of(item.path)[0] for item in draft.left), *NOT_FOR_ALL}
    names = [name for name in SECTION_NAMES if name not in spoken_of]
    if not names:
        return []
    example = names[0]
    return [
        "",
        *comment(
            f"Nothing but AWS's defaults lives of {', '.join(names)}; such a section is nobody's until it is written, as {example}: {{}}"
        ),
    ]
