"""Everything that a partner asks about one person, right and wrong."""

import json
from collections.abc import Iterator
from random import Random
from urllib.parse import quote, urlencode

from tests.fuzz.message import FORM, Message
from tests.noninterference.people import DAY, NOW
from tests.noninterference.worlds import Grantee

JSON = b"application/json"
FIELDS = (
    "prefecture",
    "over_20",
    "over_18",
    "email",
    "birthdate",
    "address",
    "name",
    "kyc_level",
    "transactions",
    "shoe_size",
)
STATED = {
    "over_18": (True,),
    "over_20": (True,),
    "name_match": ("佐藤 花", "さとう はな", "MORI KEN", "Nobody Known", "李小龍"),
    "same_prefecture": ("Tokyo", "大阪", "Okinawa", "Bavaria", "Nowhere"),
    "kyc_level": (1, 2, 3),
}


def statements(random: Random) -> dict[str, object]:
    """Draw what a partner states, one statement for each question."""
    return {question: random.choice(stated) for question, stated in STATED.items()}


def requests(grantee: Grantee, stated: dict[str, object], random: Random, *, everything: bool) -> Iterator[Message]:
    """Ask by every way, for some of what there is or for everything."""
    bearer = (("Authorization", f"Bearer {grantee.access_token}".encode()),)
    basic = (("Authorization", grantee.basic.encode()), ("Content-Type", FORM))
    yield Message("GET", b"/userinfo", headers=bearer)
    yield Message("GET", b"/data/v1/me", headers=bearer)
    named = ",".join(random.sample(FIELDS, random.randrange(1, len(FIELDS))))
    if random.random() < 0.5:
        yield Message("GET", b"/data/v1/me", f"fields={named}".encode(), bearer)
    if random.random() < 0.25:
        wrong = random.choice(("purpose=marketing.news", "fields=%00", "fields=,", "purpose=x&purpose=y"))
        yield Message("GET", b"/data/v1/me", wrong.encode(), bearer)
    since = NOW - random.randrange(120) * DAY
    window = urlencode({"from": since, "limit": random.randrange(1, 8)})
    yield Message("GET", b"/data/v1/transactions", window.encode(), bearer)
    some = sorted(stated) if everything else random.sample(sorted(stated), random.randrange(1, 6))
    asked = {question: stated[question] for question in some}
    body = json.dumps({"ask": asked}, ensure_ascii=False).encode()
    yield Message("POST", b"/data/v1/verify", headers=(*bearer, ("Content-Type", JSON)), body=body)
    question = {
        "subject": {"type": "partner_app", "id": grantee.app.client_id},
        "action": {"name": "share"},
        "resource": {"type": "user_data", "id": grantee.subject, "properties": {"fields": named.split(",")}},
        "context": {"grant_id": grantee.grant_id},
    }
    own = (("Authorization", f"Bearer {grantee.own_token}".encode()), ("Content-Type", JSON))
    yield Message("POST", b"/access/v1/evaluation", headers=own, body=json.dumps(question).encode())
    yield Message("POST", b"/introspect", headers=basic, body=f"token={grantee.access_token}".encode())
    refresh = urlencode({"grant_type": "refresh_token", "refresh_token": grantee.refresh_token})
    yield Message("POST", b"/token", headers=basic, body=refresh.encode())


def learn(grantee: Grantee, body: bytes) -> Message | None:
    """Take over the tokens of an answer; and ask for the next page, if it tells of one."""
    answer = json.loads(body)
    if "refresh_token" in answer:
        grantee.access_token, grantee.refresh_token = answer["access_token"], answer["refresh_token"]
    if not answer.get("next"):
        return None
    bearer = (("Authorization", f"Bearer {grantee.access_token}".encode()),)
    return Message("GET", b"/data/v1/transactions", f"cursor={quote(answer['next'])}".encode(), bearer)
