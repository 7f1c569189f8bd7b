"""What everybody may see of a repository: comments, issues, check runs, summaries, logs, outputs, artifacts. Of all of it the same holds:
what is markdown is ours by GitHub's own parser, nobody is called by name, and no secret is in it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

from tests.commands.ci.life.actions import Job
from tests.github.fake import Hub
from tests.report.pages import Elements

MARKS = re.compile(r"\A<!-- reconcile:[\w:/.-]+ -->\n(<!-- ([0-9a-f]{64}|ended) -->\n)?")
LONGEST_COMMENT, LONGEST_SUMMARY = 60_000, 1_000_000


@dataclass
class Eyes:
    """`secrets` are texts that must stay unseen."""

    hub: Hub
    secrets: Sequence[str]
    known: set[str] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)
    delimiters: list[str] = field(default_factory=list)

    def look(self, jobs: Sequence[Job]) -> None:
        """Fails at what must not be seen. What was looked at before is not looked at again."""
        for where, text in (*pages(self.hub, jobs), *texts(self.hub, jobs), *self._files()):
            for secret in self.secrets:
                assert secret not in text, f"{where} has a secret"
        for where, text in pages(self.hub, jobs):
            if text not in self.known:
                self.known.add(text)
                is_ours(where, text, f"https://github.com/{self.hub.repository}")
        self.delimiters += [one for job in jobs for one in {*job.delimiters}]
        assert len(set(self.delimiters)) == len(self.delimiters), "a delimiter can be foretold"

    def _files(self) -> Iterator[tuple[str, str]]:
        """What lies in artifacts that are new."""
        for artifact in self.hub.artifacts.values():
            if artifact.identifier not in self.opened:
                self.opened.add(artifact.identifier)
                with zipfile.ZipFile(io.BytesIO(artifact.content)) as archive:
                    for name in archive.namelist():
                        yield f"{name} of {artifact.name}", archive.read(name).decode(errors="replace")


def pages(hub: Hub, jobs: Sequence[Job]) -> Iterator[tuple[str, str]]:
    """What GitHub shows as markdown, with where it stands."""
    for comment in hub.all_comments.values():
        if comment.author == hub.author:
            assert len(comment.body.encode()) <= LONGEST_COMMENT
            yield f"the comment of #{comment.number}", comment.body
    for issue in hub.all_issues.values():
        yield f"issue #{issue.number}", issue.body
        yield f"the title of issue #{issue.number}", issue.title
    for check in hub.all_checks.values():
        yield f"the check {check.name}", check.summary
    for job in jobs:
        assert len(job.summary.encode()) <= LONGEST_SUMMARY
        yield f"the summary of {job.name}", job.summary


def texts(hub: Hub, jobs: Sequence[Job]) -> Iterator[tuple[str, str]]:
    """What is shown or kept as it is."""
    for check in hub.all_checks.values():
        yield f"a line of {check.name}", str(check.annotations)
    for job in jobs:
        yield f"the log of {job.name}", job.out + job.err
        yield f"an output of {job.name}", str(job.outputs)


def is_ours(where: str, page: str, repository: str) -> None:
    """Fails at a page in which GitHub's parser finds what is not ours."""
    text = MARKS.sub("", page)
    try:
        read = _Read(repository)
        read.feed(github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))
    except AssertionError as error:
        error.add_note(f"in {where}:\n{page}")
        raise
    called = re.findall(r"(?<![\w`])@\w[\w-]*|\b(?:fix|clos|resolv)\w* +#\d+", read.said, re.IGNORECASE)
    assert not called, f"{where} calls {called}"


class _Read(Elements):
    """`said` is what stands outside code, where GitHub looks for names and numbers."""

    def __init__(self, repository: str) -> None:
        super().__init__(repository)
        self.said, self._depth = "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        self._depth += tag in ("code", "pre")

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        self.said += data if not self._depth else " "
