"""reconcile.yaml for who has none yet: of the account that the credentials belong to, and the region that is asked for."""

from __future__ import annotations

import re
from pathlib import Path

from reconciler.commands import wiring
from reconciler.commands.importing.wish import Wish
from reconciler.commands.setup.init import name_in, said_by_git, work_tree
from reconciler.core.accounts import Account
from reconciler.core.errors import SelectionError
from reconciler.core.place import Place
from reconciler.files.splicing import inline
from reconciler.spec.config import FILE_NAME, Config, config_of, load_config, nearest

NAME = "main"
TEXT = """\
# Which accounts there are, and who we are. Written by `reconcile import`; all keys: reconcile help specs
aws:
  lambda: {{enabled: true}}
  accounts:
    - {{name: {name}, lambdaEnabled: true, accountId: "{number}", regions: [{region}]}}

managedBy: {owner}    # the owner mark on what is taken over and made: the tag reconcile:managed-by
guards: {{maxDeletes: 1, maxDeletePercent: 25}}    # of one run
"""


def configuration(wish: Wish) -> tuple[Config, str]:
    """The configuration of the folder that is written to, and its text where it is to be written, too. Raises SpecError, SelectionError,
    AwsError."""
    found = nearest(wish.output)
    if found:
        return load_config(found), ""
    path = wish.output / FILE_NAME
    text = TEXT.format(
        name=inline(wish.account or NAME), number=number(wish), region=region(wish), owner=inline(owner(wish.output))
    )
    return config_of(text.encode(), str(path)), text


def number(wish: Wish) -> str:

    account = Account(wish.account or NAME, is_enabled=True)
    config = Config(str(wish.output / FILE_NAME), {account.name: account})
    return wiring.connect(config, [account.name]).account_id(Place(account.name, region(wish)))


def region(wish: Wish) -> str:
    from reconciler.aws.sessions import usual_region

    found = wish.region or usual_region()
    if not found:
        raise SelectionError(f"there is no {FILE_NAME} yet, and nothing names a region; pass --region")
    return found


def owner(folder: Path) -> str:
    """The repository's name; without a remote that of its folder."""
    tree = work_tree(folder if folder.is_dir() else folder.parent)
    name = name_in(said_by_git(tree, "config", "--get", "remote.origin.url"))
    where = tree.root if tree else folder.absolute().parent
    return name or re.sub(r"[^A-Za-z0-9_-]", "-", where.name) or NAME
