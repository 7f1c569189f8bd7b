"""What a pull request on GitHub sees of a plan: where a job runs, what it annotates, what it hands to later steps; and `client`, the one
module that asks GitHub anything."""
