"""Pages of markdown as a parser reads them: which nodes there are, none of them by foreign text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt

OURS = {
    "heading", "inline", "bullet_list", "list_item", "paragraph", "html_block", "html_inline", "fence", "text", "text_special",
    "softbreak", "link", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "code_inline", "strong",
}  # fmt: skip
TAGS = r"</?(code|sub|b|i|details|summary)( open)?>|<br>"


# What GitHub's own parser makes of ours, each with the attributes that it may have.
ELEMENTS = {
    "h3": (), "p": (), "b": (), "strong": (), "i": (), "code": (), "sub": (), "br": (), "ul": (), "li": (), "blockquote": (),
    "table": (), "thead": (), "tbody": (), "tr": (), "th": ("align",), "td": ("align",), "pre": ("lang",), "a": ("href",),
    "details": ("open",), "summary": (),
}  # fmt: skip


REPOSITORY = "https://github.com/o/r"


class Elements(HTMLParser):
    """Fails at an element, an attribute or an address that is not ours; `repository` is where links of ours lead into."""

    def __init__(self, repository: str = REPOSITORY) -> None:
        super().__init__()
        self.repository = repository

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS, self.get_starttag_text()
        assert {name for name, _ in attrs} <= set(ELEMENTS[tag]), self.get_starttag_text()
        assert all(str(value).startswith(f"{self.repository}/") for name, value in attrs if name == "href")

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment that nobody sees: {data}")


def nodes(text: str, repository: str = REPOSITORY) -> set[str]:
    """What a parser of CommonMark finds; GitHub's own is asked as well."""
    Elements(repository).feed(github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    found = [*tokens, *(child for token in tokens for child in token.children or ())]
    for token in found:
        if token.type.startswith("html"):
            assert re.sub(TAGS, "", token.content).count("<") == 0, token.content
        if token.type == "link_open":
            assert str(token.attrs["href"]).startswith(f"{repository}/")
    return {re.sub("_(open|close)$", "", token.type) for token in found}
