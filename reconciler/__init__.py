"""What git says is what AWS Lambda holds: validate, plan and apply declarative Lambda specs.

The house, from the ground up, each folder with what makes a thing belong there. Imports run downward, and packages of one
floor do not know each other: where two of them mean the same thing, it stands in `core`, or whoever calls them joins them.

core      words of every floor: values, errors, botocore's model, differences, seals, redaction. What two floors need and
          what asks nothing of the world belongs here. Pure.
rollout   how an alias gets from one version to another: steps, the marker that tells where it is, evidence, what to do now. What
          decides on a rollout, by plan, tick or person, belongs here, and nothing that asks AWS. Pure.
kinds     what Lambda has, one file a kind of resource. What would be another for an alias than for a mapping belongs here,
          and nothing that holds of all kinds. Pure.
files     what lies on the disk and must not be believed: YAML with places, JSON Schema in words, code that is packed. What
          opens, parses or measures a file without knowing what a spec is belongs here.
aws       the one seam: sessions, calls at Lambda's pace, waiting, what a refusal means. What holds of every call belongs
          here; it knows no spec, no kind and no plan, and nothing outside it and the sandbox uses boto3.
spec      what git says: reconcile.yaml, specs, rules, references, git's history. What can be told without asking AWS what it
          holds belongs here, with every mistake at its place.
snapshot  what AWS holds, read in bulk, as values of the same shape as what git says. What reads and changes nothing belongs
          here.
plan      what must happen: plan(specs, snapshot, policy) -> Plan, with refusals, guards, causes and approval. What decides
          belongs here, and nothing that does. Pure.
report    what happened, and how it looks: journal, reports, documents. What is written for people or kept for later belongs
          here; one file an output format in `formats/`.
importing  what AWS holds, as the specs that say it, and what files of other tools call it. What turns live into written belongs here; one
          file a tool in `readers/`. Pure.
sandbox   a Lambda of our own to try things on. What answers as AWS does belongs here, after FACTS.md; a second opinion, so
          it shares no table with the product.
apply     carries a plan out and writes the record as it happens. What changes AWS belongs here, and nothing that decides what to
          do; what it cannot know it looks at.
github    what a pull request on GitHub is told: where a job runs, annotations, what later steps take, issues of drift; and what
          is wrong with a workflow. What only GitHub knows belongs here, and nothing that decides what a plan is.
commands  one file a verb, and what the verbs share. What joins floors that do not know each other belongs here.
cli       flags and exit codes, one file a family of verbs. What click must know belongs here; the rest is the command's.
manual    the handbook, printed by `reconcile help TOPIC`. What a user must know belongs here, and its consoles are run.

A change runs through it so: `spec` parses with positions, `snapshot` reads in bulk, `plan` brings both sides to one normal
form, compares, and writes the calls down as data; `apply` performs them, and the journal keeps each step.
"""

__version__ = "0.2.0"
