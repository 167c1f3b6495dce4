"""`idp policy prove`, apart from the other commands because it needs the solver."""

from pathlib import Path

import click

from idp.policy_tools.arguments import directory_argument
from idp.policy_tools.dossier import read_dossier
from idp.policy_tools.proofs import idle_clauses, prove
from idp.terminal import Problem, json_option, print_rows, told_plainly


@click.command("prove")
@directory_argument
@json_option
@told_plainly
def prove_policy(directory: Path, *, as_json: bool) -> None:
    """Prove of a policy, for every input that there can be, that it only narrows and keeps its promises."""
    dossier = read_dossier(directory)
    proofs = list(prove(dossier.bundle, dossier.promises))
    print_rows([proof.plain() for proof in proofs], as_json=as_json)
    for clause in idle_clauses(dossier.bundle):
        click.echo(f"note: without clause {clause} the policy would be the same today", err=True)
    broken = [proof.id for proof in proofs if not proof.holds]
    if broken:
        raise Problem(f"not so: {', '.join(broken)}")
