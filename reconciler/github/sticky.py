"""The one comment of ours under a pull request, edited in place. Pure but for the forge that it is given.

It is found by a mark that nobody sees, and by its author: anybody may write the mark.
"""

from __future__ import annotations

from reconciler.github.port import Forge


def mark(name: str) -> str:
    """The first line of the comment of a workspace."""
    return f"<!-- reconcile:{name} -->\n"


def is_marked(body: str, name: str) -> bool:
    """Who edits a comment in a browser gives its lines other ends."""
    return body.splitlines()[:1] == [mark(name).rstrip("\n")]


def put(forge: Forge, number: int, name: str, page: str) -> None:
    """Make a page what the comment says. Raises ForgeError, ForgeDenied."""
    author, body = forge.me(), mark(name) + page
    ours = next((one for one in forge.comments(number) if one.author == author and is_marked(one.body, name)), None)
    if ours is None:
        forge.add_comment(number, body)
    elif ours.body != body:
        forge.edit_comment(number, ours.identifier, body)
