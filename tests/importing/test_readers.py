"""Files of other tools find their reader by what they hold."""

from __future__ import annotations

import pytest

from reconciler.core.errors import SourceError
from reconciler.importing.readers import read
from reconciler.importing.told import File, Reader, Said, Told


def of(word: str) -> Reader:
    """A reader of texts that begin with a word; the rest are names of functions."""
    return Reader(
        name=word,
        about=f"a list of {word}",
        parsed=lambda file: file.text.split()[1:] if file.text.startswith(word) else None,
        told=lambda held: Told(tuple(Said(name) for names in held for name in names)),
        hand_over=lambda owned, kept: "",
    )


def test_files_of_one_source_are_read_together_and_each_by_its_own_reader() -> None:
    files = [File("a", "old checkout"), File("b", "new mailer"), File("c", "old audit")]
    told = {
        reader.name: [said.function for said in told.functions] for reader, told in read(files, [of("old"), of("new")])
    }
    assert told == {"old": ["checkout", "audit"], "new": ["mailer"]}


def test_a_file_that_nobody_knows_is_named_with_what_can_be_read() -> None:
    with pytest.raises(SourceError, match=r"^b: is nothing .* a list of old; a list of new$"):
        read([File("a", "old checkout"), File("b", "{}")], [of("old"), of("new")])
