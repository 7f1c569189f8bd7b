"""What a pull request on GitHub sees of a plan: where a job runs, what it annotates, what it hands to later steps, which issue there is of
drift; and `client`, the one module that asks GitHub anything."""
