"""`idp policy`: what an officer does with a policy before it is in force, and how it gets there."""

from pathlib import Path
from types import MappingProxyType

import click

from idp.data_sharing.policy_documents import catalogue_of, read_documents
from idp.policy_tools.arguments import DIRECTORY, directory_argument
from idp.policy_tools.difference import differences, widenings
from idp.policy_tools.dossier import Judgement, judge, read_dossier
from idp.policy_tools.life_commands import list_policies, propose_policy, roll_back_policy, shadow_group
from idp.policy_tools.look_commands import replay_decisions, simulate_policy
from idp.terminal import LazyGroup, Problem, json_option, print_result, print_rows, told_plainly


class _PolicyGroup(LazyGroup):
    lazy = MappingProxyType(
        {
            "prove": "idp.policy_tools.prove_command:prove_policy",
            "promote": "idp.policy_tools.promote_command:promote_policy",
        }
    )
    missing = "The solver is not installed: pip install 'sekisho[prove]'."


@click.group("policy", cls=_PolicyGroup)
def policy_group() -> None:
    """The policy on what partners may get: test, prove and compare it, and put it in force.

    DIRECTORY holds catalogue.toml, purposes.toml, reasons.toml, policies/, policy-tests/ and promises.toml, as
    config/sharing does.
    """


@policy_group.command("test")
@directory_argument
@json_option
@told_plainly
def test_policy(directory: Path, *, as_json: bool) -> None:
    """Run the tests of a policy, and change the policy in every small way to see that they notice."""
    judgement = judge(read_dossier(directory))
    print_result(_plain(judgement), _in_words(judgement), as_json=as_json)
    if judgement.objections:
        raise Problem("the policy is not as its tests say, or its tests do not say enough")


@policy_group.command("diff")
@click.argument("before", type=DIRECTORY)
@click.argument("after", type=DIRECTORY)
@json_option
@told_plainly
def diff_policies(before: Path, after: Path, *, as_json: bool) -> None:
    """Tell who would get what that they do not get BEFORE, each with an example; exit status 1 if anything is wider."""
    found = differences(read_dossier(before).bundle, read_dossier(after).bundle)
    print_rows([one.plain() for one in found], as_json=as_json)
    wider = widenings(found)
    if wider:
        raise Problem(f"{len(wider)} of {len(found)} differences are wider")


@policy_group.command("reasons")
@directory_argument
@json_option
@told_plainly
def list_reasons(directory: Path, *, as_json: bool) -> None:
    """List why a field can stay: what partners are told of each reason, what people read, and what it means."""
    explained = catalogue_of(read_documents(directory)).reasons.explanations
    rows = [
        {
            "reason": str(reason),
            "told": one.told,
            "requestable": one.requestable,
            "user": one.user.en,
            "means": one.trace,
        }
        for reason, one in sorted(explained.items())
    ]
    print_rows(rows, as_json=as_json)


for command in (propose_policy, roll_back_policy, list_policies, shadow_group, simulate_policy, replay_decisions):
    policy_group.add_command(command)


def _plain(judgement: Judgement) -> dict[str, object]:
    return {
        "cases": judgement.report.cases,
        "changes": judgement.survey.changes,
        "noticed": judgement.survey.changes - len(judgement.survey.unnoticed),
        "objections": judgement.objections,
    }


def _in_words(judgement: Judgement) -> str:
    told = _plain(judgement)
    counts = f"{told['cases']} cases; {told['noticed']} of {told['changes']} small changes of the policy were noticed"
    return "\n".join([*judgement.objections, counts])
