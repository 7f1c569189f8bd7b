"""`reconcile import`: from functions that live to specs that say them."""
