"""What git says is what AWS Lambda holds: validate, plan and apply declarative Lambda specs.

The house, from the ground up. Imports run downward, and packages of one floor do not know each other: where two of them
mean the same thing, it stands in `core`, or whoever calls them joins them.

core      words that every floor uses: values, errors, botocore's model, differences, seals, redaction. Pure.
kinds     what Lambda has, one file a kind of resource: all that differs between an alias and a mapping. Pure.
files     what is read from disk and must not be believed: YAML with places, JSON Schema in words, code that is packed.
aws       the one seam: sessions, calls at Lambda's pace, waiting, and what a refusal means. It knows no spec and no plan.
spec      what git says: reconcile.yaml, specs, rules, references, git's history; every mistake at its place.
snapshot  what AWS holds, read in bulk, as values of the same shape as what git says.
plan      what must happen: plan(specs, snapshot, policy) -> Plan, with refusals, guards, causes and approval. Pure.
report    what happened, and how it looks: journal, reports, documents; one file an output format in `formats/`.
sandbox   a Lambda of our own to try things on; a second opinion, so it shares no table with `kinds`.
apply     carries a plan out and writes the record as it happens; what it cannot know it looks at.
commands  one file a verb, `wiring` and `run` for what they share; here the floors below are joined.
cli       flags and exit codes.

A change runs through it so: `spec` parses with positions, `snapshot` reads in bulk, `plan` brings both sides to one normal
form, compares, and writes the calls down as data; `apply` performs them, and the journal keeps each step.
"""

__version__ = "0.1.0"
