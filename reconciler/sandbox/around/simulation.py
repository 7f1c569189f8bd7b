"""IAM's SimulatePrincipalPolicy, which moto does not have. The sandbox lets everybody do everything but what a script of faults always
denies, and says so.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from reconciler.sandbox.http.wire import Request, Response

ACTION = b"Action=SimulatePrincipalPolicy&"
NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def is_simulation(request: Request) -> bool:
    return ACTION in request.body


def simulated(request: Request, denied: Collection[str]) -> Response:
    """A decision for each action on each resource; `denied` are operations of Lambda."""
    form = parse_qs(request.body.decode())
    actions, resources = _members(form, "ActionNames"), _members(form, "ResourceArns") or ["*"]
    results = "".join(
        f"<member><EvalActionName>{escape(action)}</EvalActionName>"
        f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{'implicitDeny' if action.removeprefix('lambda:') in denied else 'allowed'}</EvalDecision></member>"
        for action in actions
        for resource in resources
    )
    body = (
        f'<SimulatePrincipalPolicyResponse xmlns="{NAMESPACE}"><SimulatePrincipalPolicyResult>'
        f"<IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults>"
        "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    )
    return Response(200, {"Content-Type": "text/xml"}, body.encode())


def _members(form: dict[str, list[str]], name: str) -> list[str]:
    """A list of the query protocol: NAME.member.1 and so on."""
    return [values[0] for key, values in form.items() if key.startswith(f"{name}.member.")]
