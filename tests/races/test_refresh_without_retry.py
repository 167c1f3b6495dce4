"""With `lifetimes.refresh_retry` at 0 a refresh token works once, whoever repeats it (RFC 9700 4.14.2)."""

from sqlalchemy import text

from idp.store.database import Database
from idp.store.families import REPLAYED_REFRESH_TOKEN
from tests.provider.person import Person, as_client
from tests.provider.provider import Provider
from tests.store.rows import THREADS, at_once

SETTINGS = {"IDP_LIFETIMES__REFRESH_RETRY": "0"}
SHOP = ("storefront", "http://127.0.0.1:8401/callback")
ROUNDS = 3


def test_fifty_refresh_once_and_the_family_ends(racing: Provider, hana: Person, stored: Database):
    """One gets the next token; the others show that it was copied, and nobody has anything left."""

    def refresh(token: str) -> tuple[int, dict[str, str]]:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        answer = as_client(racing, "storefront", "/token", form)
        return answer.status_code, answer.json()

    for _ in range(ROUNDS):
        code = hana.authorize(*SHOP, "openid offline_access").parameters["code"]
        token = hana.exchange(*SHOP, code).json()["refresh_token"]
        answers = at_once(lambda _: refresh(token))  # noqa: B023 - all have answered when this returns
        (successor,) = [body["refresh_token"] for status, body in answers if status == 200]
        assert [body["error"] for status, body in answers if status != 200] == ["invalid_grant"] * (THREADS - 1)
        assert refresh(successor)[1]["error"] == "invalid_grant"
    with stored.autocommit() as connection:
        reasons = connection.execute(text("SELECT end_reason FROM token_families")).scalars().all()
    assert reasons == [REPLAYED_REFRESH_TOKEN] * ROUNDS
