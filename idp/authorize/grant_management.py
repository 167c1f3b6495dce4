"""`grant_management_action` and `grant_id`: what an app wants done with a grant (OAuth Grant Management 03, 5).

`create` makes a fresh grant in place of what there is for the purpose, `merge` adds an answer to a grant, `replace`
puts an answer in place of all that a grant held. Each is a question to the person, whatever they answered before.
Earlier tokens of an amended grant die when the code of the amendment is redeemed: whoever does not get so far keeps
them.
"""

from idp.authorize.response_type import wanted_parts
from idp.protocol.asked import Asked
from idp.protocol.errors import OAuthError, invalid_request
from idp.protocol.grants import Action, Wish, is_grant_id
from idp.protocol.names import CODE
from idp.protocol.parameters import Parameters
from idp.services import Services
from idp.store import grants
from idp.store.clients import Client
from idp.store.grants import Grant


def grant_wish(services: Services, parameters: Parameters, client: Client) -> Wish | None:
    """Return what a request wants done with a grant, if anything; where grants are not managed, nothing is.

    Raises:
        OAuthError: `invalid_request` for an action that there is not, without its grant or with one too many, and for
            apps that cannot have grants to look after.
    """
    action, grant_id = parameters.get("grant_management_action"), parameters.get("grant_id", "")
    if not services.manages_grants or (action is None and not grant_id):
        return None
    if action not in list(Action):
        known = ", ".join(Action)
        raise invalid_request(f"The grant_management_action must be one of {known}.")
    if client.is_public or not client.is_third_party:
        raise invalid_request("Only a partner's app that has a secret or a key of its own looks after grants.")
    if wanted_parts(parameters) != {CODE}:
        raise invalid_request("What is done with a grant is answered with a code: ask for response_type=code.")
    wish = Wish(Action(action), grant_id)
    if wish.amends is not bool(grant_id):
        raise invalid_request("The actions merge and replace need a grant_id; create makes one.")
    return wish


def amended_grant(services: Services, client: Client, asked: Asked) -> Grant | None:
    """Return the grant that a request amends, if it does: one of this app that stands, for the purpose asked for.

    Raises:
        OAuthError: `invalid_grant_id` for every other one (5.3); `invalid_request` for another purpose or use.
    """
    if asked.wish is None or not asked.wish.amends:
        return None
    found = None
    if is_grant_id(asked.wish.grant_id):
        with services.database.autocommit() as connection:
            found = grants.find_by_id(connection, asked.wish.grant_id)
    if found is None or found.client_id != client.client_id or not found.is_alive(services.now):
        raise OAuthError("invalid_grant_id", "There is no such grant, or it has ended.")
    if (found.purpose, found.mode) != (asked.purpose, asked.mode):
        raise invalid_request("A grant keeps its purpose, and whether it is for one use: ask for a fresh one instead.")
    return found
