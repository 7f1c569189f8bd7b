"""One file a verb; `workspaces`, `wiring` and `run` are what they share."""
