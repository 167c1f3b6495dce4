"""One person with fifty tabs: one consent, one answer, one code (OIDC Core 3.1.2)."""

import httpx
from sqlalchemy import text

from idp.store import grants
from idp.store.database import Database
from tests.provider.person import Answer, Person, hidden
from tests.provider.provider import HTTP, Provider
from tests.provider.waiting import eventually
from tests.store.rows import THREADS, at_once

TABI = ("tabi-points", "http://127.0.0.1:8402/callback", "openid prefecture over_20")
TICKS = ([], ["prefecture"], ["over_20"], ["prefecture", "over_20"])


def cookies(person: Person) -> dict[str, str]:
    return {"cookie": "; ".join(f"{name}={value}" for name, value in person.browser.cookies.items())}


def codes_stored(stored: Database) -> int:
    with stored.autocommit() as connection:
        return int(connection.execute(text("SELECT count(*) FROM authorization_codes")).scalar_one())


def consent_page(person: Person) -> httpx.Response:
    """Go through signing in, as far as the consent page."""
    response = person.browser.get(person.request(*TABI))
    while 'id="allow"' not in response.text:
        location = response.headers.get("location")
        response = person.browser.get(location) if location else person.sign_in(response)
    return response


def test_fifty_answers_to_one_question_are_one_consent(racing: Provider, hana: Person, stored: Database):
    """The consent that stands is one of the answers, whole; and the request is answered with one code."""
    form = hidden(consent_page(hana).text)
    headers = cookies(hana)

    def answer(number: int) -> httpx.Response:
        data = {**form, "decision": "allow", "fields": TICKS[number % len(TICKS)]}
        return HTTP.post(f"{racing.url}/consent", data=data, headers=headers)

    (location,) = {response.headers["location"] for response in at_once(answer)}
    with stored.autocommit() as connection:
        account_id = connection.execute(text("SELECT DISTINCT account_id FROM grants")).scalar_one()
        grant = grants.find(connection, account_id, "tabi-points", "points.credit")
    assert grant is not None
    assert sorted(grant.agreed_fields(grant.created_at)) in [sorted(ticks) for ticks in TICKS]
    before = codes_stored(stored)

    def finish(_number: int) -> httpx.Response:
        return HTTP.get(racing.url + location, headers=headers)

    finished = at_once(finish)
    sent_back = [Answer(each.headers["location"]) for each in finished if each.status_code == 303]
    refused = [each for each in finished if each.status_code != 303]
    assert codes_stored(stored) == before + 1
    assert len({answer.parameters["code"] for answer in sent_back}) == 1
    assert [each.status_code for each in refused] == [400] * (THREADS - len(sent_back))
    assert len(sent_back) == 1
    assert hana.exchange(*TABI[:2], sent_back[0].parameters["code"]).status_code == 200


def test_fifty_ends_of_one_sharing_leave_nothing(racing: Provider, hana: Person, stored: Database):
    """Ending twice is no error, and what was shared is over."""
    code = hana.authorize(*TABI, ticks=("prefecture",)).parameters["code"]
    tokens = hana.exchange(*TABI[:2], code).json()
    page = hana.browser.get("/account/sharing")
    form = {**hidden(page.text), "client_id": "tabi-points", "purpose": "points.credit"}
    headers = cookies(hana)
    ended = at_once(lambda _: HTTP.post(f"{racing.url}/account/sharing", data=form, headers=headers).status_code)
    assert ended == [303] * THREADS
    assert hana.browser.get("/account/sharing").text.count('value="tabi-points"') == 0
    with stored.autocommit() as connection:
        alive = text("SELECT count(*) FROM token_families WHERE client_id = 'tabi-points' AND ended_at IS NULL")
        assert connection.execute(alive).scalar_one() == 0
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert eventually(lambda: HTTP.get(f"{racing.url}/userinfo", headers=bearer).status_code == 401, within=20)
