"""What is known of the code that a spec names, and what of it a call sends, as frozen values. Imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file of a package that is another than the one that lives: its bytes before and after, None where there is none."""

    name: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many files of a package differ from those that live, by how many bytes they grow, and the first of them by name."""

    changed: int
    added: int
    removed: int
    grown: int
    files: tuple[FileChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """Local code as it is sent: where it is packed from, its bytes as a zip, how many files it has, and their bytes. `too_large` says why
    it cannot be sent in a request, and `stored_at` where it is put before; both are empty where it can. `compared` is there where
    somebody looked at the code that lives, and `unseen` says why nobody did."""

    path: str
    size: int
    files: int
    unpacked: int
    too_large: str = ""
    stored_at: str = ""
    compared: Comparison | None = None
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class Artifact:
    """The code that a spec names. `sha256` is in the form of CodeSha256 (base64 for a zip, hex for an image); empty when nobody could tell,
    and `source` says how it became known, or why not. `version` and `etag` are those of the S3 object that was looked at; `problem` says
    why the code cannot be deployed at all, `credentials` names what looks like one in a local path; `is_recorded` says that the hash is
    what an earlier run was answered; `package` is there of a local path. `size` is that of what is sent, in bytes, 0 for an image and where
    nobody could tell."""

    sha256: str
    source: str
    version: str = ""
    problem: str = ""
    etag: str = ""
    credentials: tuple[str, ...] = ()
    is_recorded: bool = False
    package: Package | None = None
    size: int = 0


@dataclass(frozen=True, order=True, slots=True)
class Blob:
    """Bytes that are packed from `path` when the call is made; `sha256` as CodeSha256 says it."""

    path: str
    sha256: str


@dataclass(frozen=True, order=True, slots=True)
class Pin:
    """The S3 object that a call sends, as it was when the plan was made; `version`, `etag` and `sha256` are empty where
    nobody could tell."""

    bucket: str
    key: str
    version: str = ""
    etag: str = ""
    sha256: str = ""

    @property
    def is_immutable(self) -> bool:
        """Whether nobody can put something else in its place."""
        return bool(self.version and self.etag)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"
