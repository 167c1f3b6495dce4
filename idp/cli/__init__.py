"""The `idp` command: serve, prepare the database, apply declarations; look after clients, users, partners and keys.

Each module is one group of commands; `idp.terminal` holds what all of them stand on.
"""

from pathlib import Path

import click

from idp.audit_commands import audit_group
from idp.audit_people import audit_erase, audit_search, audit_subject
from idp.cli.clients import client
from idp.cli.database import apply_files, db
from idp.cli.keys import keys
from idp.cli.partner_apps import check, member, messages, sandbox, webhook
from idp.cli.partners import partner
from idp.cli.serving import serve
from idp.cli.users import user
from idp.policy_tools.commands import policy_group
from idp.terminal import config_option, configure


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@config_option
def main(config: tuple[Path, ...]) -> None:
    """Sekisho's authorization server. Settings come from --config, IDP_CONFIG and IDP_ variables."""
    configure(config)


for command in (serve, db, apply_files, client, user, partner, keys, audit_group, policy_group):
    main.add_command(command)

for command in (audit_search, audit_subject, audit_erase):
    audit_group.add_command(command)

for command in (member, webhook, messages, check, sandbox):
    partner.add_command(command)
