"""The catalogue: what is refused, what is worked out, and what the shipped one says to people."""

import re

import pytest

from policies.catalogue import Catalogue, CatalogueError, Purpose, parse_catalogue
from policies.claims import READERS
from policies.words import Words
from tests.policies.worlds import shipped_catalogue

FIELDS = """
[fields.address]
text = { en = "Address", ja = "ご住所" }
sensitivity = 3
discloses = ["prefecture"]
claims = ["address"]
dpv = "pd:PhysicalAddress"

[fields.prefecture]
text = { en = "Prefecture", ja = "都道府県" }
not_shared = { en = "Not your street", ja = "番地は渡しません" }
tag = { en = "part of your address", ja = "ご住所の一部" }
sensitivity = 1
claims = ["prefecture"]
dpv = "pd:Region"

[scopes]
address = ["address"]
"""
PURPOSES = """
[purposes.service]
text = { en = "to serve you", ja = "ご利用のため" }
dpv = "dpv:ServiceProvision"

[purposes."service.delivery"]
parent = "service"
text = { en = "to deliver", ja = "お届けのため" }
dpv = "dpv:DeliveryOfGoods"
"""
OIDC_SCOPES = {
    "profile": {
        *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
        *("website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"),
    },
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}


def test_a_catalogue_is_read_as_written():
    """Every part of a field, a purpose and a scope arrives."""
    catalogue = parse_catalogue(FIELDS, PURPOSES)
    prefecture = catalogue.fields["prefecture"]
    assert prefecture.id == "prefecture"
    assert prefecture.text == Words(en="Prefecture", ja="都道府県")
    assert prefecture.not_shared == Words(en="Not your street", ja="番地は渡しません")
    assert prefecture.tag == Words(en="part of your address", ja="ご住所の一部")
    assert (prefecture.sensitivity, prefecture.claims, prefecture.dpv) == (1, ("prefecture",), "pd:Region")
    assert (catalogue.fields["address"].discloses, catalogue.fields["address"].tag) == (("prefecture",), None)
    assert catalogue.purposes["service.delivery"].parent == "service"
    assert catalogue.purposes["service.delivery"].text.ja == "お届けのため"
    assert catalogue.scopes == {"address": {"address"}}


def test_a_circle_free_catalogue_is_closed_both_ways():
    """A permission reaches down to the prefecture, a refusal of the prefecture up to the address."""
    catalogue = parse_catalogue(FIELDS, PURPOSES)
    assert catalogue.closure_down(["address"]) == {"address", "prefecture"}
    assert catalogue.closure_down(["prefecture", "gone"]) == {"prefecture"}
    assert catalogue.closure_up(["prefecture"]) == {"address", "prefecture"}
    assert catalogue.closure_up(["address", "gone"]) == {"address"}
    assert catalogue.lineage["service.delivery"] == ("service.delivery", "service")


def test_scopes_and_claims_lead_to_fields():
    """OIDC Core 5.4 and 5.5: whatever is not data, or not known, asks for no field."""
    catalogue = shipped_catalogue()
    assert catalogue.fields_for_scopes(["openid", "email", "prefecture", "offline_access"]) == {"email", "prefecture"}
    assert catalogue.fields_for_claims(["email_verified", "acr", "sub", "given_name"]) == {"email", "name"}


REFUSED = [
    # what is replaced, by what, and what the refusal says
    (
        "sensitivity = 1",
        "sensitivity = 4",
        "catalogue.fields.prefecture.sensitivity: must be a whole number from 0 to 3",
    ),
    ("sensitivity = 1", "sensitivity = true", "fields.prefecture.sensitivity: must be a whole number"),
    ("sensitivity = 1", "", "fields.prefecture.sensitivity: is missing"),
    ("sensitivity = 1", "sensitivity = 1\nsensitivty = 1", "fields.prefecture.sensitivty: is not known here"),
    ("sensitivity = 1", "sensitivity = 1\nsensitivity = 1", "catalogue: Cannot overwrite a value"),
    ("sensitivity = 1", "sensitivity = ", "catalogue: Invalid value"),
    ('discloses = ["prefecture"]', 'discloses = ["county"]', "fields.address.discloses: there is no 'county'"),
    ('discloses = ["prefecture"]', 'discloses = ["address"]', "fields: discloses goes in a circle: address -> address"),
    ('discloses = ["prefecture"]', 'discloses = ["prefecture", "prefecture"]', "names something twice"),
    ('discloses = ["prefecture"]', 'discloses = "prefecture"', "discloses: must be a list, not str"),
    ('discloses = ["prefecture"]', "discloses = [7]", "discloses: 7 is not an id"),
    ('claims = ["prefecture"]', 'claims = ["prefecture"]\ndiscloses = ["address"]', "goes in a circle"),
    ('claims = ["prefecture"]', 'claims = ["county"]', "nothing is known about a claim 'county'"),
    (
        'claims = ["prefecture"]',
        'claims = ["address"]',
        "fields.prefecture.claims: 'address' already belongs to 'address'",
    ),
    ("[fields.prefecture]", "[fields.address]", "catalogue: Cannot declare"),
    ("[fields.prefecture]", "[fields.Prefecture]", "'Prefecture' is not an id"),
    ("[fields.prefecture]", "[fields.'рrefecture']", "is not an id"),  # its first letter is Cyrillic
    ("[fields.prefecture]", f"[fields.{'x' * 65}]", "is not an id"),
    ("[fields.prefecture]", "[feilds.prefecture]", "catalogue.feilds: is not known here (known: fields, scopes)"),
    ('en = "Prefecture", ', "", "fields.prefecture.text.en: is missing"),
    ('en = "Prefecture"', 'en = " "', "text.en: must be one line of text"),
    ('en = "Prefecture"', 'en = "Pre\\nfecture"', "text.en: must be one line of text"),
    ('en = "Prefecture"', "en = 7", "text.en: must be text, not int"),
    ('en = "Prefecture"', 'en = "Prefecture", de = "x"', "text.de: is not known here"),
    ('text = { en = "Prefecture", ja = "都道府県" }', 'text = "Prefecture"', "text: must be a table, not str"),
    ('"pd:Region"', '"region"', "'region' is not a prefixed DPV term"),
    ('address = ["address"]', 'address = ["street"]', "scopes.address: there is no field 'street'"),
    ('[scopes]\naddress = ["address"]', "", "catalogue.scopes: is missing"),
    ('parent = "service"', 'parent = "life"', "purposes.service.delivery.parent: there is no 'life'"),
    ('parent = "service"', 'parent = "service.delivery"', "purposes: parent goes in a circle"),
    ('parent = "service"', 'parents = "service"', "purposes.service.delivery.parents: is not known here"),
    ('parent = "service"', "parent = 1", "parent: must be text, not int"),
    ('"dpv:DeliveryOfGoods"', '"delivery"', "'delivery' is not a prefixed DPV term"),
    ('[purposes."service.delivery"]', "[purposes.service.delivery]", "purposes.service.delivery: is not known here"),
    ('[purposes."service.delivery"]', "[purposes.service]", "purposes: Cannot declare"),
]


@pytest.mark.parametrize(("old", "new", "complaint"), REFUSED)
def test_a_catalogue_that_does_not_fit_is_refused_and_told_where(old: str, new: str, complaint: str):
    """Nothing is guessed, skipped or silently ignored."""
    assert (FIELDS + PURPOSES).count(old) == 1
    with pytest.raises(CatalogueError, match=re.escape(complaint)):
        parse_catalogue(FIELDS.replace(old, new), PURPOSES.replace(old, new))


@pytest.mark.parametrize("source", ["address", "prefecture", "county"])
def test_an_answer_is_worked_out_of_a_field_that_gives_it_away(source: str):
    """Or consent to the whole would not be consent to the part."""
    derived = FIELDS.replace('dpv = "pd:Region"', f'dpv = "pd:Region"\nderived_from = "{source}"')
    if source == "address":
        assert parse_catalogue(derived, PURPOSES).fields["prefecture"].derived_from == "address"
    hidden = derived.replace('discloses = ["prefecture"]', "") if source == "address" else derived
    with pytest.raises(CatalogueError, match=f"prefecture.derived_from: '{source}' does not disclose 'prefecture'"):
        parse_catalogue(hidden, PURPOSES)


@pytest.mark.parametrize(("written", "goes_on"), [("", False), ("= false", False), ("= true", True)])
def test_a_purpose_stops_for_a_restricted_person_unless_the_file_says_otherwise(written: str, *, goes_on: bool):
    """Restriction of processing (GDPR 18) is the rule."""
    line = f"although_restricted {written}\n" if written else ""
    purposes = parse_catalogue(FIELDS, PURPOSES + line).purposes
    assert purposes["service.delivery"].although_restricted is goes_on
    assert Purpose("p", None, Words(en="x", ja="x"), "dpv:Marketing").although_restricted is False


def test_without_obligations_whatever_is_named_as_one_is_unknown():
    """Deny by default: it cannot be done, so the field stays; where none is named, none is due."""
    obligations = parse_catalogue(FIELDS, PURPOSES).obligations
    assert obligations.due("address", ["no_store"]) is None
    assert obligations.due("address", []) == {}


@pytest.mark.parametrize(
    ("reasons", "obligations", "complaint"),
    [
        ("told = 1", "", "reasons.reasons: is missing"),
        ("told =", "", "reasons: Invalid value"),
        ("", "kinds = 1", "obligations.kinds: is not known here"),
        ("", "kinds =", "obligations: Invalid value"),
    ],
)
def test_reasons_and_obligations_that_do_not_fit_are_the_catalogue_s(reasons: str, obligations: str, complaint: str):
    """Whoever loads a catalogue has one kind of error to expect."""
    with pytest.raises(CatalogueError, match=re.escape(complaint)):
        parse_catalogue(FIELDS, PURPOSES, reasons, obligations)


# ---- the shipped catalogue -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return shipped_catalogue()


def every_text(catalogue: Catalogue) -> list[Words]:
    texts = [purpose.text for purpose in catalogue.purposes.values()]
    for field in catalogue.fields.values():
        texts += [words for words in (field.text, field.not_shared, field.tag) if words]
    return texts


@pytest.mark.parametrize(("scope", "claims"), OIDC_SCOPES.items())
def test_the_standard_scopes_ask_for_the_claims_that_they_stand_for(catalogue: Catalogue, scope: str, claims: set[str]):
    """OIDC Core 5.4, claim by claim."""
    fields = catalogue.fields_for_scopes([scope])
    assert {claim for field in fields for claim in catalogue.fields[field].claims} == claims


def test_every_claim_that_can_be_read_belongs_to_a_field(catalogue: Catalogue):
    """A reader that no field uses would be a way out that no agreement knows."""
    assert catalogue.claims.keys() == READERS.keys()


def test_a_birthday_discloses_ages_and_an_address_its_prefecture(catalogue: Catalogue):
    """The disclosure order of the model, section 3.2; an answer about one age does not give another."""
    assert catalogue.closure_down(["birthdate"]) == {"birthdate", "over_18", "over_20"}
    assert catalogue.closure_down(["address"]) == {"address", "prefecture", "same_prefecture"}
    assert catalogue.closure_down(["over_18"]) == {"over_18"}
    assert catalogue.closure_down(["over_20"]) == {"over_20"}


def test_what_gives_another_field_away_is_at_least_as_sensitive(catalogue: Catalogue):
    """A field cannot be harmless if it discloses one that is not."""
    for field in catalogue.fields.values():
        assert all(catalogue.fields[below].sensitivity <= field.sensitivity for below in field.discloses)


def test_no_text_for_people_speaks_oauth(catalogue: Catalogue):
    """The words of the pages are the customers' own."""
    jargon = re.compile(
        r"client|scope|token|authori[sz]e|claim|クライアント|スコープ|トークン|認可|クレーム", re.IGNORECASE
    )
    assert [words for words in every_text(catalogue) if jargon.search(words.en + words.ja)] == []


def test_japanese_is_japanese_and_english_english(catalogue: Catalogue):
    """No text was left in the other language."""
    japanese = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
    for words in every_text(catalogue):
        assert japanese.search(words.ja)
        assert words.en.isascii()


def test_a_purpose_reads_on_after_why(catalogue: Catalogue):
    """A fragment, as in 'Why: to credit points for what you buy', without a full stop of its own."""
    for purpose in catalogue.purposes.values():
        assert purpose.text.en.startswith("to ")
        assert not purpose.text.en.endswith(".")
        assert purpose.text.ja.endswith("ため")


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "Prefecture"), ("ja", "都道府県"), ("ja-JP", "都道府県"), ("fr", "Prefecture")]
)
def test_words_are_found_by_language(catalogue: Catalogue, language: str, expected: str):
    """Japanese for Japanese of any region, English for everybody else."""
    assert catalogue.fields["prefecture"].text.in_language(language) == expected
