"""The record of a run and the documents that leave the program: journal, report, plan and snapshot files, and how they look."""
