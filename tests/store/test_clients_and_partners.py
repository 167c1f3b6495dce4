"""Clients, partners and agreements: saved whole, found again, each change announced."""

from dataclasses import replace

from idp.protocol.names import AuthMethod, ClientKind
from idp.store import agreement_versions, clients, partners
from idp.store.agreement_versions import DRAFT, AgreementVersion
from idp.store.changes import ChangeFeed, Topic
from idp.store.clients import Client
from idp.store.database import Database
from idp.store.partners import StoredPartner
from tests.store.rows import NOW, THREADS, at_once, new_hash, new_id


def a_client() -> Client:
    return Client(
        client_id=new_id(),
        kind=ClientKind.THIRD_PARTY,
        name="Tabi 花",
        auth_method=AuthMethod.PRIVATE_KEY_JWT,
        homepage="https://tabi.example",
        partner_id="tabi-points",
        assertion_algorithm="ES256",
        jwks='{"keys": [{"kty": "EC"}]}',
        secret_hash=new_hash(),
        require_pkce=False,
        grant_types=("authorization_code",),
        redirect_uris=("https://tabi.example/a", "https://tabi.example/b?c=d"),
        post_logout_redirect_uris=("https://tabi.example/out",),
        scopes=("openid", "prefecture"),
        resources=("https://api.example",),
        access_token_algorithm="EdDSA",
        id_token_algorithm="ES256",
        id_token_fields=("prefecture",),
        access_token_fields=("over_20",),
        response_types=("code", "code id_token"),
        contacts=("Two words <ops@tabi.example>", "花"),
        default_max_age=3600,
        default_acr_values=("urn:a", "urn:b"),
        translations='{"client_name#ja": "旅"}',
        backchannel_logout_uri="https://tabi.example/out",
        backchannel_logout_session_required=True,
    )


def save(database: Database, client: Client) -> None:
    with database.transaction() as connection:
        clients.save(connection, client, NOW)


def heard_by(feed: ChangeFeed, topic: Topic) -> list[str]:
    heard: list[str] = []
    feed.subscribe(topic, heard.append)
    feed.catch_up()
    heard.clear()
    return heard


def test_a_client_comes_back_as_it_was_saved(database: Database):
    """Every member, those with several values in their order."""
    client = a_client()
    save(database, client)
    with database.autocommit() as connection:
        assert clients.find(connection, client.client_id) == client
        assert clients.find(connection, "nobody") is None
        assert client in clients.all_clients(connection)


def test_saving_again_replaces_and_announces(database: Database):
    """A change is written and heard of."""
    client = a_client()
    save(database, client)
    feed = ChangeFeed(database, 0)
    heard = heard_by(feed, Topic.CLIENT)
    changed = replace(client, name="Tabi", secret_hash=None, scopes=())
    save(database, changed)
    with database.autocommit() as connection:
        assert clients.find(connection, client.client_id) == changed
    feed.catch_up()
    assert heard == [client.client_id]


def test_fifty_saves_at_once_leave_one_whole_client(database: Database):
    """No two declarations are mixed."""
    client = a_client()
    versions = [replace(client, name=f"name {n}", homepage=f"https://{n}.example") for n in range(THREADS)]
    at_once(lambda number: save(database, versions[number]))
    with database.autocommit() as connection:
        assert clients.find(connection, client.client_id) in versions


def test_a_secret_is_replaced_where_there_is_a_client(database: Database):
    """Whether there was one is answered."""
    client, fresh = a_client(), new_hash()
    save(database, client)
    with database.transaction() as connection:
        assert clients.change_secret(connection, client.client_id, fresh, NOW)
        assert not clients.change_secret(connection, "nobody", fresh, NOW)
        found = clients.find(connection, client.client_id)
    assert found == replace(client, secret_hash=fresh)


def test_a_partner_has_its_agreement_or_none(database: Database):
    """The newest agreement is in force; both kinds of change are heard."""
    partner_id = f"p-{new_id().lower()}"
    feed = ChangeFeed(database, 0)
    heard = heard_by(feed, Topic.SHARING)
    with database.transaction() as connection:
        assert partners.find(connection, partner_id) is None
        partners.save(connection, partner_id, "Tabi", "active", NOW)
        assert partners.find(connection, partner_id) == StoredPartner(partner_id, "Tabi", "active", "")
        for document in ("the first", "the second"):
            partners.save_agreement(connection, partner_id, document, NOW)
        partners.save(connection, partner_id, "Tabi Points", "suspended", NOW)
        expected = StoredPartner(partner_id, "Tabi Points", "suspended", "the second")
        assert partners.find(connection, partner_id) == expected
        assert expected in partners.everyone(connection)
        assert not partners.move(connection, partner_id, "production", "terminated", NOW)
        assert partners.move(connection, partner_id, "suspended", "terminated", NOW)
        assert partners.find(connection, partner_id) == replace(expected, status="terminated")
    feed.catch_up()
    assert set(heard) == {partner_id}


def test_of_fifty_steps_at_once_one_is_taken(database: Database):
    """A partner is not suspended and terminated from the same status."""
    partner_id = f"p-{new_id().lower()}"
    with database.transaction() as connection:
        partners.save(connection, partner_id, "Tabi", "production", NOW)

    def step(number: int) -> bool:
        with database.transaction() as connection:
            return partners.move(connection, partner_id, "production", ("suspended", "terminated")[number % 2], NOW)

    assert sum(at_once(step)) == 1


def test_a_version_is_written_once_and_approved_once_by_somebody_else(database: Database):
    """Fifty approvers at once, the author among them: one approval, and never the author's."""
    version = AgreementVersion(f"p-{new_id().lower()}", 1, "{}", "hash", DRAFT, NOW, "author", NOW)
    with database.transaction() as connection:
        assert agreement_versions.add(connection, version)
        assert not agreement_versions.add(connection, replace(version, document="another"))
        assert not agreement_versions.approve(connection, version.partner_id, 1, "author", NOW)
        assert not agreement_versions.put_in_force(connection, version.partner_id, 1, NOW)

    def approve(number: int) -> bool:
        with database.transaction() as connection:
            return agreement_versions.approve(connection, version.partner_id, 1, f"approver {number}", NOW)

    assert sum(at_once(approve)) == 1
    with database.autocommit() as connection:
        found = agreement_versions.find(connection, version.partner_id, 1)
    assert found is not None
    assert (found.document, found.state) == ("{}", "approved")
