"""Two providers out of one database file, with an advertiser that asks about many people, some of whom agreed."""

import json
import shutil
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from idp.app import create_app
from idp.services import EXTENSION
from tests.data_api.desk import ADULT, DESK, LIMITS, PURPOSE, agree, declare_desk, make
from tests.fuzz.answer import call
from tests.fuzz.message import FORM, Message
from tests.noninterference.asking import JSON
from tests.noninterference.people import NOW
from tests.noninterference.worlds import ISSUER, Stream, World
from tests.provider.provider import Clock, Provider, declare, prepare, testing_settings

WINDOW = 60
MEMBERS, OTHERS = 7, 4
SETTINGS = {
    **LIMITS,
    "IDP_DATA_API__AUDIENCE_LEAST": "2",
    "IDP_DATA_API__AUDIENCE_WINDOW": str(WINDOW),
    "IDP_LIFETIMES__ACCESS_TOKEN": "86400",
}


class Market:
    """Both worlds, their clocks, who agreed in them and who did not, and the token of the advertiser."""

    def __init__(self, worlds: list[World], clocks: list[Clock], people: tuple[list[str], list[str]], token: str):
        self.worlds, self.clocks, self.token = worlds, clocks, token
        self.members, self.others = people

    def forward(self) -> None:
        """Go on to when everything may be told anew."""
        for clock in self.clocks:
            clock.forward(WINDOW)

    def question(self, random: Random) -> Message:
        """Draw what the advertiser asks."""
        where = {"prefecture": random.choice(("Tokyo", "Osaka", "Okinawa")), "over_20": random.random() < 0.8}
        campaign = random.choice(({}, {"campaign": "spring"}, {"campaign": "autumn"}))
        body = json.dumps({"purpose": PURPOSE, "where": where, **campaign}).encode()
        bearer = (("Authorization", f"Bearer {self.token}".encode()), ("Content-Type", JSON))
        return Message("POST", b"/data/v1/audience", headers=bearer, body=body)


@contextmanager
def market(folder: Path) -> Iterator[Market]:
    """Make a provider with its people, and a second one from a copy of its database."""
    first, second = folder / "first.db", folder / "second.db"
    settings = testing_settings(f"sqlite:///{first}", ISSUER, **SETTINGS)
    prepare(settings)
    app = create_app(settings, Clock(), Stream())
    provider = Provider(ISSUER, f"sqlite:///{first}", declare(app), services=app.extensions[EXTENSION])
    declare_desk(provider)
    people = tuple([make(provider, ADULT) for _ in range(count)] for count in (MEMBERS, OTHERS))
    for member in people[0]:
        agree(provider, member)
    for other in people[1][::2]:
        agree(provider, other, "prefecture")  # agreed to the rest of it
    basic = f"Basic {b64encode(':'.join(provider.basic(DESK.client_id)).encode()).decode()}"
    wish = b"grant_type=client_credentials&scope=audience"
    headers = (("Authorization", basic.encode()), ("Content-Type", FORM))
    token = json.loads(call(app, Message("POST", b"/token", headers=headers, body=wish)).body)["access_token"]
    app.extensions[EXTENSION].database.engine.dispose()
    shutil.copyfile(first, second)
    worlds, clocks = [], [Clock(NOW), Clock(NOW)]
    for file, clock in zip((first, second), clocks, strict=True):
        stream = Stream()
        settings = testing_settings(f"sqlite:///{file}", ISSUER, **SETTINGS)
        worlds.append(World(create_app(settings, clock, stream), stream))
    try:
        yield Market(worlds, clocks, people, token)
    finally:
        for world in worlds:
            world.services.database.engine.dispose()
