"""What is worth saying of a function's code: whether it is there, how it is known, and what changes only together with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.diff import matching
from reconciler.core.errors import PlanError
from reconciler.core.finding import Rule
from reconciler.core.plans import Diagnostic
from reconciler.kinds.configuration import DEFAULTS, with_code
from reconciler.kinds.function import FUNCTION
from reconciler.plan.case import Case
from reconciler.plan.changes import ignored_paths, origin_of, without_foreign_code
from reconciler.plan.source import SENDING, repository
from reconciler.plan.speaking import Drafts, PlanCheck, is_new, note, refusal, spec_origin, warning


@Rule("R209", "The code that a spec names is there, can be packed and is what its hash says.")
def code_is_missing(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    if case.artifact is None or case.spec.is_absent:
        return
    if case.artifact.problem:
        yield refusal(case, PlanError, case.artifact.problem, spec_origin(case, "code"))
    elif not case.artifact.sha256 and case.function and not is_new(drafts):
        message = f"cannot tell whether the code changed: {case.artifact.source}"
        yield warning(case, message, spec_origin(case, "code"), left_out=True)


@Rule("W203", "Where S3 keeps no hash, code is compared by what an earlier report says.")
def code_is_known_by_report(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """What a record says is believed, for AWS's answer is held against it, and said, for it is not what S3 says."""
    if case.artifact and case.artifact.is_recorded and not case.artifact.problem:
        message = f"the code is compared by {case.artifact.source}, for S3 keeps no SHA-256 of it"
        yield note(case, message, spec_origin(case, "code"))


@Rule("W204", "Packed code holds no file that looks like a credential.")
def code_looks_like_credentials(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    names = case.artifact.credentials if case.artifact else ()
    if names:
        message = f"the code holds {', '.join(names)}, which looks like a credential; name it in .lambdaignore"
        yield warning(case, message, spec_origin(case, "code"))


@Rule("W205", "Equal code from another address is not sent again.")
def is_the_same_code_elsewhere(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """Equal code is not sent again because its address is another one; where AWS tells what it holds on to, that is said."""
    if case.function is None or any(step.operation in SENDING for draft in drafts for step in draft.steps):
        return
    code, held = case.spec.code, case.function.handle
    image = str(held.get("ImageUri", ""))
    s3_object = held.get("ResolvedS3Object", {})
    if image and "ImageUri" in code and repository(image) != repository(code["ImageUri"]):
        where = image
    elif "S3Key" in code and s3_object and any(s3_object.get(name) != code[name] for name in ("S3Bucket", "S3Key")):
        where = f"s3://{s3_object.get('S3Bucket')}/{s3_object.get('S3Key')}"
    else:
        return
    message = f"{case.spec.target} holds the same code from {where}, so nothing is sent; keep that in place"
    yield note(case, message, spec_origin(case, "code"))


@Rule(
    "R210",
    "The architecture changes only together with the code, which the spec then owns.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html",
)
def needs_code_to_change(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """Only a call that sends code can change its architecture, or set it back to AWS's default where a spec that owns the
    configuration leaves it out. Neither happens without code; and what the spec says is then not what lives."""
    desired = next((without_foreign_code(case.spec, item) for item in case.desired(FUNCTION)), None)
    if case.function is None or desired is None or "code" in desired.properties:
        return
    wanted = desired.properties.get("configuration")
    if wanted is None or case.spec.is_absent:
        return
    whole = {"configuration": dict.fromkeys(with_code(), True)}
    ignored = {steps[-1:] for pattern in ignored_paths(case.spec, FUNCTION, "") for steps in matching(whole, pattern)}
    for member in sorted(with_code()):
        if (member,) in ignored or ("configuration",) in ignored or () in ignored:
            continue
        lives = case.function.properties["configuration"].get(member, DEFAULTS[member])
        if wanted.get(member, DEFAULTS[member]) != lives:
            message = (
                f"{desired.key}: {member} is {', '.join(lives)} and can only change together with the code, which the spec "
                f"does not own; write {member}: [{', '.join(lives)}], or own `code`"
            )
            yield refusal(case, PlanError, message, origin_of(case.spec.origins, ("configuration", member)))


RULES: tuple[PlanCheck, ...] = (
    code_is_missing,
    code_is_known_by_report,
    code_looks_like_credentials,
    is_the_same_code_elsewhere,
    needs_code_to_change,
)
