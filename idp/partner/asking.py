"""What an app may ask for by its partner's agreement, and what it is registered for beyond that."""

from idp.data_sharing import Agreement
from idp.services import Services
from idp.store.clients import Client


def agreed_fields(services: Services, agreement: Agreement | None) -> frozenset[str]:
    """Return the fields of an agreement, whatever the purpose, with what they give away."""
    named = {name for terms in agreement.purposes.values() for name in terms.fields} if agreement is not None else ()
    return services.sharing.catalogue.closure_down(named)


def agreed_scopes(services: Services, agreement: Agreement | None) -> tuple[str, ...]:
    """Return the scopes that stand for nothing but agreed fields."""
    agreed = agreed_fields(services, agreement)
    scopes = services.sharing.catalogue.scopes
    return tuple(sorted(scope for scope, fields in scopes.items() if fields and fields <= agreed))


def beyond_agreement(services: Services, agreement: Agreement | None, client: Client) -> tuple[str, ...]:
    """Return the scopes and fields that an app is registered for although nothing is agreed about them."""
    agreed, catalogue = agreed_fields(services, agreement), services.sharing.catalogue
    scopes = {scope for scope in client.scopes if scope in catalogue.scopes and not catalogue.scopes[scope] <= agreed}
    fields = {*client.id_token_fields, *client.access_token_fields} - agreed
    return tuple(sorted(scopes | fields))
