"""Files out of artifacts that anybody can have made."""

from __future__ import annotations

import io
import zipfile

import pytest

from reconciler.core.errors import ForgeError
from reconciler.github.unpacked import files


def packed(*entries: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in entries:
            made.writestr(name, text)
    return content.getvalue()


def test_only_files_of_the_form_of_name_are_taken() -> None:
    content = packed(
        ("plan.json", b"{}"),
        ("../plan.json", b"x"),
        ("a/plan.json", b"x"),
        ("plan.json.sh", b"x"),
        ("/plan.json", b"x"),
    )
    assert dict(files(content, "plan[.]json", 100)) == {"plan.json": b"{}"}


def test_a_file_may_have_no_newline_before_or_after_its_name() -> None:
    assert dict(files(packed(("plan.json\n", b"x")), "plan[.]json", 100)) == {}


def test_no_more_than_wanted_is_unpacked_of_all_together() -> None:
    content = packed(("1.json", b"0" * 60), ("2.json", b"0" * 60))
    with pytest.raises(ForgeError, match="larger than what is read"):
        dict(files(content, "[0-9][.]json", 100))
    assert len(dict(files(content, "[0-9][.]json", 120))) == 2


def test_a_bomb_is_not_unpacked_beyond_the_limit() -> None:
    content = packed(("plan.json", b"0" * 50_000_000))
    assert len(content) < 100_000
    with pytest.raises(ForgeError):
        dict(files(content, "plan[.]json", 1000))


@pytest.mark.parametrize("damage", [b"", b"PK", b"no zip at all"])
def test_what_is_no_zip_is_an_error_of_the_forge(damage: bytes) -> None:
    with pytest.raises(ForgeError, match="no zip that can be read"):
        dict(files(damage, ".*", 100))


def test_a_damaged_or_encrypted_file_is_an_error_of_the_forge() -> None:
    content = bytearray(packed(("plan.json", b"0123456789" * 50)))
    content[45] ^= 0xFF
    with pytest.raises(ForgeError):
        dict(files(bytes(content), "plan[.]json", 10_000))
    locked = bytearray(packed(("plan.json", b"{}")))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ForgeError):
        dict(files(bytes(locked), "plan[.]json", 100))
