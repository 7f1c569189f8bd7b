"""One file a verb; `workspace` and `run` are what they share."""
