"""How an alias gets from one version to another, step by step; see `reconciler/__init__.py`."""
