"""Rollouts after their first step: ticks, what a person wants, and how they stand."""
