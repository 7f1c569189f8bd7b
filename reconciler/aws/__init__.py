"""The one seam to AWS: sessions, calls at Lambda's pace, waiting, and what a refusal means."""

from reconciler.aws.client import Answer, Aws, Place
from reconciler.aws.sessions import core_session

__all__ = ["Answer", "Aws", "Place", "core_session"]
