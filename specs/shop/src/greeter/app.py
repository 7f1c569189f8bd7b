"""Greets whoever is named in the event."""

import os

from shop_words import greeting  # of the layer shop-words


def handler(event, context):
    print("stage", os.environ.get("STAGE", "none"))
    return {"greeting": greeting(event.get("name", "world")), "version": context.function_version}
