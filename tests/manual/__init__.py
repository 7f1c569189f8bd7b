"""What README and the manual show on a console is run, so that it cannot rot.

In these pages

- a ```console block holds `$ reconcile …` lines, each followed by what it prints, stdout and stderr as a terminal mixes them.
  `$ echo $?` shows the last exit code; `NAME=value` may stand before a command. A line `…` stands for any lines, `…` in a line
  for any text of that line; what differs from run to run (`blocks.VOLATILE`) is compared by its form, and a later command
  may name it as an earlier block shows it;
- a block whose fence names a file (```yaml specs/shop/checkout.yaml) is written there, and what it names is stocked;
- `<!-- story: NAME -->` begins afresh, `<!-- then: NAME -->` goes on, as the function NAME in `scenes` prepares it. Neither is
  shown by `reconcile help` or a browser. A page begins with the story `examples`.

`python -m tests.manual` rewrites whatever is not true any more, cut as it was where the lines can be found again. Read the difference.
"""
