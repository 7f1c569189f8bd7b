"""Lambda's life: what it holds, and how that changes."""
