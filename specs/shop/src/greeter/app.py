"""Greets whoever is named in the event."""

import os


def handler(event, context):
    print("stage", os.environ.get("STAGE", "none"))
    return {"greeting": f"Hello, {event.get('name', 'world')}!", "version": context.function_version}
