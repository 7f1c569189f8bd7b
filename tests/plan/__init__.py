"""What is planned, shown by folders: `scenarios/NAME/` says what git and AWS hold and what must come of it.

    spec.yaml …      what git says; any number of specs by any names
    reconcile.yaml   where owner mark, guards or accounts matter; else the one beside the folders holds
    snapshot.json    what AWS holds, as `reconcile snapshot -o` writes it; hashes of code are any words
    base/            the specs as they were at the base: then the plan tells causes
    approved…/       what was reviewed, in the order of the folders' names: the specs then, with the reconcile.yaml and snapshot.json
                     of then where those differ
    scenario.yaml    what else the run is told, as `scenario.Told` says
    expected.txt     the plan as a terminal shows it, and the calls that it makes, each with what it sends

Nothing is asked of AWS, git or a clock. `python -m tests.plan` writes every expected.txt; read each that it names: what is
wrong in it is a fault. `test_scenarios` says what must be there: every verb of every kind, every call, cause and guard, and every
sentence that the planner can say.
"""
