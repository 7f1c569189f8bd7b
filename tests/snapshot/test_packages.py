"""What differs inside a package: told where the code that lives was looked at, and of all else that nobody did."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from typing import Any

import pytest

from reconciler.aws.download import downloaded
from reconciler.core.errors import AwsError
from reconciler.files.archive import NotAZip, contents
from reconciler.snapshot import packages
from tests.apply.test_large_packages import spec
from tests.conftest import House
from tests.files.packed import tree


@pytest.fixture
def packed(house: House) -> House:
    """A house whose function lives with three files."""
    tree(
        house.root / "src",
        **{"lambda_function.py": "def lambda_handler(e, c): ...\n", "old.txt": "old", "same.txt": "same"},
    )
    house.write("checkout.yaml", spec())
    house.apply()
    house.writes()
    return house


def package(house: House, *flags: str) -> dict[str, Any]:
    (target,) = house.plan(*flags)["targets"]
    found: dict[str, Any] = target["actions"][0]["package"]
    return found


def zipped(files: dict[str, str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as written:
        for name, text in files.items():
            written.writestr(zipfile.ZipInfo(name), text, method)
    return made.getvalue()


def test_files_that_came_changed_and_went_are_told_with_their_sizes(packed: House) -> None:
    tree(packed.root / "src", **{"app.py": "x" * 1500, "lib/new.py": "new"})
    (packed.root / "src" / "old.txt").unlink()
    (packed.root / "src" / "same.txt").chmod(0o755)
    assert package(packed)["compared"] == {
        "changed": 2,
        "added": 1,
        "removed": 1,
        "grown_bytes": 1499,
        "files": [
            {"name": "app.py", "before": 1, "after": 1500},
            {"name": "lib/new.py", "before": None, "after": 3},
            {"name": "old.txt", "before": 3, "after": None},
            {"name": "same.txt", "before": 4, "after": 4},  # a program now
        ],
    }
    out = packed.run("plan").out
    assert re.search(
        r"\n      package +2 files changed, 1 added, 1 removed, \+1\.5 KB, now \d\.\d KB in 4 files\n", out
    )
    assert (
        "        ~ app.py  1 B → 1.5 KB\n        + lib/new.py  3 B\n        - old.txt  3 B\n        ~ same.txt  4 B\n"
        in out
    )
    shown = packed.run("plan", "--format", "markdown").out
    assert (
        "\n!       app.py  1 B → 1.5 KB\n+       lib/new.py  3 B\n-       old.txt  3 B\n!       same.txt  4 B\n"
        in shown
    )


def test_only_a_package_that_is_sent_over_another_is_looked_into(packed: House) -> None:
    packed.sandbox.requests.clear()
    packed.plan()
    assert [request.operation for request in packed.sandbox.requests] == ["GetFunction"]
    tree(packed.root / "src", **{"app.py": "y"})
    packed.sandbox.requests.clear()
    packed.plan()
    assert sorted(request.operation for request in packed.sandbox.requests) == [
        "GetAccountSettings", *["GetFunction"] * 2,
    ]  # fmt: skip


def test_a_layer_is_compared_with_its_newest_version_and_never_with_a_function_of_its_name(packed: House) -> None:
    packed.write("layer.yaml", "layer: checkout\naccount: test\nregion: us-west-2\ncode: {path: ../words}\n")
    for text in ("1", "22", "333"):
        tree(packed.root / "words", **{"python/words.py": text})
        packed.apply()
    tree(packed.root / "words", **{"python/words.py": "4444"})
    (action,) = [action for target in packed.plan()["targets"] for action in target["actions"] if "package" in action]
    assert action["package"]["compared"]["files"] == [{"name": "python/words.py", "before": 3, "after": 4}]


def test_of_a_new_function_nothing_is_compared(packed: House) -> None:
    packed.write("new.yaml", spec("new"))
    (action,) = [target["actions"][0] for target in packed.plan()["targets"] if target["address"].endswith("/new")]
    assert action["package"].keys() == {"bytes", "files", "unpacked_bytes"}
    assert "not looked at" not in packed.run("plan").out


def test_the_same_files_packed_otherwise_are_told_as_that(packed: House) -> None:
    (packed.root / "src.zip").write_bytes(
        zipped({path.name: path.read_text() for path in (packed.root / "src").iterdir()})
    )
    packed.write("checkout.yaml", spec(path="../src.zip"))
    assert package(packed)["compared"]["changed"] == 0
    assert "no file changed, only how they are packed, now " in packed.run("plan").out


def test_what_differs_is_no_part_of_what_is_approved(packed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(packed.root / "src", **{"app.py": "y"})
    looked = packed.plan()
    monkeypatch.setattr(packages, "LARGEST_READ_BYTES", 0)
    assert packed.plan()["digest"] == looked["digest"]


def test_large_code_is_looked_into_where_that_is_asked(packed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(packed.root / "src", **{"app.py": "y"})
    monkeypatch.setattr(packages, "LARGEST_READ_BYTES", 100)
    found = package(packed)
    assert "compared" not in found
    assert found["unseen"].startswith("what lives is ")
    assert "4 files (contents not looked at: what lives is " in packed.run("plan").out
    assert "; --download-code looks into it)" in packed.run("plan").out
    assert package(packed, "--download-code")["compared"]["changed"] == 1


def test_without_being_asked_a_plan_downloads_so_much_in_all(packed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        packed.write(f"{name}.yaml", spec(name))
    packed.apply()
    size = packed.lambda_.get_function_configuration(FunctionName="a")["CodeSize"]
    tree(packed.root / "src", **{"app.py": "y"})
    monkeypatch.setattr(packages, "MOST_BYTES", 2 * size)
    found = ["compared" in target["actions"][0]["package"] for target in packed.plan()["targets"]]
    assert found == [True, True, False, False]


def test_a_saved_snapshot_says_that_nobody_looked(packed: House) -> None:
    tree(packed.root / "src", **{"app.py": "y"})
    packed.run("snapshot", "-o", "snapshot.json")
    out = packed.run("plan", "--snapshot", "snapshot.json").out
    assert "4 files (contents not looked at)\n" in out


def test_code_that_cannot_be_downloaded_costs_its_own_list_alone(
    packed: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(packed.root / "src", **{"app.py": "y"})
    monkeypatch.setattr(packed.sandbox._downloads, "answer", lambda _: None)
    found = package(packed)
    assert found["unseen"] == "it cannot be downloaded (status 404)"
    assert packed.apply()["outcome"]["status"] == "succeeded"


@pytest.mark.parametrize(
    "lives",
    [
        zipped({"evil\x1b[31m\n## heading": "x", "`|<!--": "y", "a" * 5000: "z"}),
        zipped({f"{number:05}": "" for number in range(5000)}),
    ],
    ids=["names", "many"],
)
def test_what_a_stranger_made_of_the_code_is_told_in_bounds(lives: bytes, packed: House) -> None:
    packed.lambda_.update_function_code(FunctionName="checkout", ZipFile=lives)
    found = package(packed)["compared"]
    assert len(found["files"]) <= 50
    assert all(len(item["name"]) <= 200 for item in found["files"])
    for flags in ((), ("--format", "markdown")):
        out = packed.run("plan", *flags).out
        assert "\x1b[31m" not in out
        assert "\n## heading" not in out
        assert len(out) < 20_000


# --- zips that are out to hurt --------------------------------------------------------------------------------------


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as written, written.open("zeros", "w") as entry:
        for _ in range(260):
            entry.write(bytes(1 << 20))
    return made.getvalue()


def lying() -> bytes:
    """An entry that unpacks to more than it says."""
    made = bytearray(zipped({"a": "x" * 100_000}))
    at = made.rindex(b"PK\x01\x02")
    struct.pack_into("<L", made, at + 24, 5)
    return bytes(made)


def encrypted() -> bytes:
    made = bytearray(zipped({"a": "secret"}))
    made[made.rindex(b"PK\x01\x02") + 8] |= 1
    made[6] |= 1
    return bytes(made)


def strange() -> bytes:
    made = bytearray(zipped({"a": "x"}))
    struct.pack_into("<H", made, made.rindex(b"PK\x01\x02") + 10, 99)
    return bytes(made)


def cut_off() -> bytes:
    return zipped({"a": "x"})[:-10]


def overlapping() -> bytes:
    """Many names for the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("a", "\0" * (30 << 20))
        written.filelist *= 10
    return made.getvalue()


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (bomb, "is more than 262,144,000 bytes unzipped"),
        (overlapping, "is more than 262,144,000 bytes unzipped"),
        (lying, "is a zip file that cannot be read"),
        (encrypted, "is a zip file that cannot be read"),
        (strange, "is a zip file that cannot be read"),
        (cut_off, "is not a zip file"),
    ],
    ids=lambda one: getattr(one, "__name__", "").replace("_", " "),
)
def test_a_hostile_zip_is_not_looked_into(made: Any, expected: str) -> None:
    with pytest.raises(NotAZip, match=f"^{expected}$"):
        contents(io.BytesIO(made()))


def test_no_message_repeats_an_address_that_lets_read() -> None:
    for url in ("http://127.0.0.1:1/x?X-Amz-Signature=secret", "nonsense://secret", "http://[secret"):
        with pytest.raises(AwsError) as caught, downloaded(url, 10):
            pass
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_no_more_is_downloaded_than_aws_told(packed: House) -> None:
    url = packed.lambda_.get_function(FunctionName="checkout")["Code"]["Location"]
    with downloaded(url, 10_000) as file:
        size = len(file.read())
    with pytest.raises(AwsError, match="more than the"), downloaded(url, size - 1):
        pass
