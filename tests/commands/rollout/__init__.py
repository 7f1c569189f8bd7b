"""Rollouts after their first step, on the sandbox."""
