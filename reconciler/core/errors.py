"""The error tree. A message is place, what is wrong, what to do; no message carries a sensitive value.

    ReconcileError (1)
    ├── SpecError (20)              one or more faults in spec files or reconcile.yaml, all shown at once
    ├── PlanError (21)              the plan cannot be made or must not be carried out
    │   ├── UnsafePlan              a guard refuses: too many deletes, pruning an empty tree, a disabled account
    │   ├── ReplacementRequired     a create-only setting changed and the spec does not allow a replacement
    │   ├── NotOwned                the live function bears no mark, or somebody else's
    │   └── StalePlan (23)          the approved plan is not what would be done now
    ├── Locked (24)                 another apply holds the lock
    ├── AwsError (26)               AWS or the credentials said no
    │   ├── SnapshotError           … while reading
    │   ├── NoCredentials           … before anything: there are none, or none that work
    │   └── CallFailed              … to one call of an apply; ends that target's task only
    │       ├── SettleFailed        … AWS took the call and could not carry it out, or never finished
    │       ├── CodeDiffers         … what was sent, or would be, is not the code that the plan showed
    │       ├── Rejected (27)       … a rollout's candidate did not pass before it had any traffic
    │       ├── FunctionFailed (29) … the function that was invoked answered that it failed
    │       └── Interrupted         … we stopped waiting because the run was told to stop
    ├── ForgeError (26)             the forge, GitHub, gave no answer
    │   └── ForgeDenied             … or may not be asked that by this token
    ├── GitError (2)                git cannot tell what was asked of it
    ├── WrongVariable (2)           an environment variable of ours says what it cannot
    ├── SelectionError (2)          a word of the command line means no function, or more than the one that is needed
    ├── SourceError (2)             a file that `import --from` names is none that can be read
    ├── Stopped (130, 143)          a signal came before anything was begun
    └── ReportError (2)             a report, journal, plan or snapshot file cannot be read or written

The number is the exit code of the command that ends with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.core.model import Origin

PARTLY = 25  # what a run ends with that did some of its targets, whatever the others failed of


class ReconcileError(Exception):
    """Any refusal of ours; `exit_code` is what the command ends with."""

    exit_code: int = 1


@dataclass(frozen=True, order=True, slots=True)
class Fault:
    """One mistake in one place. `str()` is `file:line:column: message`, ready to be printed."""

    origin: Origin
    message: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.message}"


class SpecError(ReconcileError):
    """Every fault of every file, sorted by file, line and column, each once."""

    exit_code = 20

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


class PlanError(ReconcileError):
    exit_code = 21


class UnsafePlan(PlanError):
    """A guard refuses the run."""


class ReplacementRequired(PlanError):
    """Only deleting and creating again would do it, and the spec does not say `allow_replace: true`."""


class NotOwned(PlanError):
    """The live function is not ours to change."""


class StalePlan(PlanError):
    exit_code = 23


class Locked(ReconcileError):
    exit_code = 24


class GitError(ReconcileError):
    exit_code = 2


class WrongVariable(ReconcileError):
    exit_code = 2


class AwsError(ReconcileError):
    exit_code = 26


class SnapshotError(AwsError):
    """Reading the live side failed."""


class NoCredentials(AwsError):
    """An account has no credentials that work; the message says what helps."""


class CallFailed(AwsError):
    """AWS refused one call. `code` is AWS's error code, `request_id` may be empty when no answer came."""

    def __init__(
        self, message: str, *, code: str = "", request_id: str = "", attempts: int = 1, is_retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id
        self.attempts = attempts
        self.is_retryable = is_retryable


class SettleFailed(CallFailed):
    """AWS accepted the call and then could not carry it out, or did not finish in time."""


class CodeDiffers(CallFailed):
    """The code was replaced after the plan was made."""


class FunctionFailed(CallFailed):
    """The function was invoked, and its answer is an error of its own."""

    exit_code = 29


class Rejected(CallFailed):
    """A candidate of a rollout did not pass; `reason` is what its alias remembers."""

    exit_code = 27

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message, code="Rejected")
        self.reason = reason


class Interrupted(CallFailed):
    """AWS accepted the call; a signal ended the waiting for it to be carried out."""


class ForgeError(ReconcileError):
    """The forge gave no answer, or none that can be used."""

    exit_code = 26


class ForgeDenied(ForgeError):
    """The token may not do or read that."""


class SelectionError(ReconcileError):
    """A line for each word that means no function, or more than the one that is needed."""

    exit_code = 2


class SourceError(ReconcileError):
    """A file of what deployed functions before cannot be read."""

    exit_code = 2


class Stopped(ReconcileError):
    """The run was told to stop while it was still reading."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class ReportError(ReconcileError):
    """A report, journal, plan or snapshot file cannot be read or written."""

    exit_code = 2
