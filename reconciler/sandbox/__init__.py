"""The embedded AWS: a strict Lambda of our own in front of moto, for the demo, for rehearsals and for every test."""

from reconciler.sandbox.around.faults import Fault, read_faults
from reconciler.sandbox.cloudwatch.written import read_traffic
from reconciler.sandbox.inside import install
from reconciler.sandbox.placing import Seen, SeenFunction, SeenLayer, call_mapping, place, place_layer
from reconciler.sandbox.refusals import Refused
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.stock import Need, Spot, needs, stock

__all__ = [
    "Fault", "Need", "Refused", "Sandbox", "Seen", "SeenFunction", "SeenLayer", "Spot", "call_mapping", "install", "needs", "place", "place_layer", "read_faults", "read_traffic",
    "stock",
]  # fmt: skip
