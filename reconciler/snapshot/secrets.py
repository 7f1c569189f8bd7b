"""What specs hold and nobody is to see, whatever AWS answers. Never writes."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.aws.client import Aws
from reconciler.core.model import Spec
from reconciler.core.sealing import sensitive_texts
from reconciler.kinds.registry import KINDS


def keep_secret(aws: Aws, specs: Iterable[Spec]) -> None:
    """The sensitive values of some specs are hidden from here on."""
    for item in (item for spec in specs for item in spec.desired):
        aws.redaction.learn(sensitive_texts(item.properties, KINDS[item.key.kind].is_sensitive))
