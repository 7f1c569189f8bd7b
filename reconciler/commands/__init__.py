"""One file a verb; `wiring` and `run` are what they share."""
