"""Carrying a plan out, and what is left when something goes wrong."""
