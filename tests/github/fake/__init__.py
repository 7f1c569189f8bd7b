"""A GitHub over HTTP for tests: with a state, with faults, and held to GitHub's own description of itself.

with fake_github() as hub:
    hub.pull_request(7, "a" * 40)
    …                               # whatever asks hub.url with hub.token
    assert len(hub.comments(7)) == 1
"""

from tests.github.fake.server import Fault, Hub, Request, fake_github
from tests.github.fake.state import BOT

__all__ = ["BOT", "Fault", "Hub", "Request", "fake_github"]
