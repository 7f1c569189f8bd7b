"""Pages of markdown as a parser reads them: which nodes there are, none of them by foreign text."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

OURS = {
    "heading", "inline", "bullet_list", "list_item", "paragraph", "html_block", "html_inline", "fence", "text", "text_special",
    "softbreak", "link", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "code_inline", "strong",
}  # fmt: skip
TAGS = r"</?(code|sub|b|i|details|summary)( open)?>|<br>"


def nodes(text: str) -> set[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    found = [*tokens, *(child for token in tokens for child in token.children or ())]
    for token in found:
        if token.type.startswith("html"):
            assert re.sub(TAGS, "", token.content).count("<") == 0, token.content
        if token.type == "link_open":
            assert str(token.attrs["href"]).startswith("https://github.com/o/r/")
    return {re.sub("_(open|close)$", "", token.type) for token in found}
