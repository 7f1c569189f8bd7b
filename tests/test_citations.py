"""No citation leads to what a stranger cannot open: what is cited stands in the repository, or is a page on the web."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FACTS = ROOT / "reconciler" / "sandbox" / "FACTS.md"
WRITTEN = ("reconciler", "tests", "schemas", "specs", ".github", ".ci", "*.md", "*.toml", "*.yaml")
# Names of papers that lie on nobody else's desk.
ELSEWHERE = re.compile(
    r"lambda-facts|surface-facts|emulator-gaps|seed-contract|rollout-design|drift-design|gitops-rules"
    r"|\b(?:seed|design|style)\.md\b|\bsection [0-9.]+ of the design\b|§",
    re.IGNORECASE,
)
CITED = re.compile(r"\bFACTS ((?:[0-9]+(?:\.[0-9]+)*(?:, | and )?)+)")
LINK = re.compile(r"\]\((?!https://|#)([^)#\s]+)")


def texts() -> Iterator[tuple[Path, str]]:
    for pattern in WRITTEN:
        for entry in sorted(ROOT.glob(pattern)):
            for path in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
                if (
                    path.is_file()
                    and "venv" not in path.parts
                    and path.suffix not in (".pyc", ".zip")
                    and path != Path(__file__)
                ):
                    yield path, path.read_text(encoding="utf-8", errors="replace")


TEXTS = dict(texts())


def places(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path, text in TEXTS.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_nothing_cites_a_paper_that_is_not_here() -> None:
    assert places(ELSEWHERE) == []


@pytest.mark.parametrize("text", ["lambda-facts 2.5", "as design.md says", "see Surface-Facts", "§ 3"])
def test_such_a_citation_would_be_found(text: str) -> None:
    assert ELSEWHERE.search(text)


def test_every_fact_that_is_cited_is_there() -> None:
    there = set(re.findall(r"^#{2,3} ([0-9.]+?)\.? ", FACTS.read_text(encoding="utf-8"), re.MULTILINE))
    cited = {
        (str(path.relative_to(ROOT)), number)
        for path, text in TEXTS.items()
        for found in CITED.findall(text)
        for number in re.findall(r"[0-9]+(?:\.[0-9]+)*", found)
    }
    assert len(cited) > 20
    assert sorted(one for one in cited if one[1] not in there) == []


@pytest.mark.parametrize("page", [path for path in TEXTS if path.suffix == ".md"], ids=lambda path: path.stem)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", TEXTS[page])
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


def test_what_the_seed_is_stands_in_the_manual() -> None:
    assert "## The seed" in (ROOT / "reconciler" / "manual" / "decisions.md").read_text(encoding="utf-8")
