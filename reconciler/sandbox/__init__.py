"""The embedded AWS: a strict Lambda of our own in front of moto, for the demo, for rehearsals and for every test."""

from reconciler.sandbox.around.faults import Fault, read_faults
from reconciler.sandbox.inside import install
from reconciler.sandbox.placing import Seen, SeenFunction, call_mapping, place
from reconciler.sandbox.refusals import Refused
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.stock import Need, Spot, needs, stock

__all__ = [
    "Fault", "Need", "Refused", "Sandbox", "Seen", "SeenFunction", "Spot", "call_mapping", "install", "needs", "place", "read_faults",
    "stock",
]  # fmt: skip
