"""How fast reconcile is on a fleet, against an AWS that answers at once and counts; `python -m tests.benchmarks` prints a table."""
