"""How a house of specs begins, and whether everything around it is as it must be: `reconcile init` and `reconcile doctor`."""
