"""What a person takes along: receipts that others verify, proofs for use offline, the record of all sharing."""

import json
import warnings

import httpx
import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError, SecurityWarning
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import DCTERMS, RDF

from idp.audit import export
from idp.store import grants
from idp.store.grants import Grant
from tests.audit.test_publishing import command
from tests.provider.apps import TABI, tokens_for
from tests.provider.jose import published_keys
from tests.provider.person import Person, hidden
from tests.provider.provider import HTTP, Provider
from tests.web.pages import Page
from tests.web.visits import error_code, signed_in

DPV = Namespace("https://w3id.org/dpv#")
LIST = "/account/sharing"


@pytest.fixture
def hana(shared_provider: Provider) -> Person:
    """Hana, signed in, who has just agreed to share her prefecture; twice it went out."""
    hana = signed_in(Person(shared_provider))
    press(hana, LIST, action="end_all")
    shared_provider.clock.forward(1)
    tokens = tokens_for(hana, TABI, ticks=("prefecture", "over_20"))
    for _ in range(2):
        HTTP.get(f"{shared_provider.url}/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    return hana


def press(person: Person, path: str, **form: str | list[str]) -> None:
    form = {**hidden(person.browser.get("/").text), **form}
    assert person.browser.post(path, data=form).status_code == 303
    person.provider.services.feed.read_now()


def newest_grant(person: Person) -> Grant:
    services = person.provider.services
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, person.username)
        return grants.all_of_account(connection, account.id)[0]


def links(person: Person, grant: Grant, kind: str) -> list[str]:
    """The links to receipts or proofs on the page of a sharing, the newest first."""
    page = Page(person.browser.get(f"{LIST}/{grant.id}").text)
    return [e.attributes["href"] for e in page.all("a") if f"/{kind}/" in e.attributes["href"]]


def read_receipt(person: Person, response: httpx.Response) -> Graph:
    """A signed receipt as an RDF graph, once its signature is that of a published key."""
    signed = verified(person, response.text)
    assert signed.headers()["typ"] == "consent-receipt+jws"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of rdflib's own parts by others of them
        return Graph().parse(data=signed.payload, format="json-ld")


def verified(person: Person, receipt: str) -> jws.CompactSignature:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA's name, which RFC 9864 wants more exact
        return jws.deserialize_compact(receipt, published_keys(person.provider), algorithms=["EdDSA"])


def test_each_of_established_amended_and_ended_has_a_receipt(hana: Person):
    """CDR: in writing on establishing, amending, ending; TS 27560 in DPV, by a library of somebody else's."""
    grant = newest_grant(hana)
    press(hana, f"{LIST}/{grant.id}", action="narrow", shown="over_20", fields=[])
    press(hana, f"{LIST}/{grant.id}", action="pause")
    press(hana, f"{LIST}/{grant.id}", action="end")
    states, fields = [], []
    for path in reversed(links(hana, grant, "receipts")):
        page = Page(hana.browser.get(path).text)
        assert "Tabi Points K.K. privacy@tabi.example" in " ".join(page.all("main")[0].text.split())
        response = hana.browser.get(page.by_id("download").attributes["href"])
        assert response.headers["content-type"] == "application/jose"
        assert response.headers["content-disposition"].startswith("attachment; filename=")
        graph = read_receipt(hana, response)
        (receipt,) = graph.subjects(RDF.type, DPV.ConsentReceipt)
        (status,) = graph.objects(receipt, DPV.hasConsentStatus)
        (process,) = graph.objects(receipt, DPV.hasProcess)
        states += [str(each).partition("#")[2] for each in graph.objects(status, RDF.type)]
        data = graph.objects(process, DPV.hasPersonalData)
        fields.append({str(graph.value(each, DCTERMS.identifier)) for each in data})
        assert str(graph.value(graph.value(receipt, DCTERMS.isFormatOf), DCTERMS.identifier)) == grant.id
        assert graph.value(process, DPV.hasLegalBasis) == DPV.ExplicitlyExpressedConsent
        recipient = graph.value(process, DPV.hasRecipient)
        assert (recipient, RDF.type, DPV.ThirdParty) in graph
        assert str(graph.value(recipient, DPV.hasName)) == "Tabi Points K.K."
        assert not [each for each in graph.all_nodes() if isinstance(each, URIRef) and ":" not in each]
        assert "Tokyo" not in response.text
    assert states == ["ConsentGiven", "RenewedConsentGiven", "ConsentWithdrawn"]
    assert fields == [{"prefecture", "over_20"}, {"prefecture"}, {"prefecture"}]


def test_a_receipt_says_the_same_whenever_it_is_asked_for(hana: Person):
    """Also after what it tells of was changed and ended."""
    grant = newest_grant(hana)
    path = f"{LIST}/{grant.id}/receipts/1/signed"
    before = hana.browser.get(path).text
    hana.provider.clock.forward(60)
    press(hana, f"{LIST}/{grant.id}", action="end")
    assert hana.browser.get(path).text == before


def test_a_changed_receipt_is_found_out(hana: Person):
    header, payload, signature = hana.browser.get(f"{LIST}/{newest_grant(hana).id}/receipts/1/signed").text.split(".")
    changed = payload[:-2] + ("AA" if payload[-2:] != "AA" else "BB")
    with pytest.raises(BadSignatureError):
        verified(hana, f"{header}.{changed}.{signature}")


def test_every_disclosure_is_proved_to_whoever_has_the_key(hana: Person, tmp_path):
    """`idp audit verify FILE`: offline; a changed entry or another key proves nothing."""
    grant = newest_grant(hana)
    key = str(hana.provider.services.log_key.public)
    proofs = links(hana, grant, "entries")
    assert len(proofs) >= 3, "the ID token and both times at userinfo"
    for number, path in enumerate(proofs):
        response = hana.browser.get(path)
        assert response.headers["content-type"] == "application/json"
        evidence = tmp_path / f"{number}.json"
        evidence.write_text(response.text, "utf-8")
    done = command("verify", tmp_path / "0.json", "--key", key)
    assert done.returncode == 0, done.stderr
    assert "disclosure  tabi-points  tabi-points  points.credit  over_20, prefecture" in done.stdout
    document = json.loads((tmp_path / "0.json").read_text("utf-8"))
    receipt = Page(hana.browser.get(f"{LIST}/{grant.id}/receipts/1").text)
    assert json.loads(document["entry"])["consent"] in receipt.html, "the receipt names it as the log does"
    (tmp_path / "0.json").write_text(json.dumps({**document, "entry": document["entry"].replace("over_20", "email")}))
    forged = command("verify", tmp_path / "0.json", "--key", key)
    assert (forged.returncode, forged.stderr.count("\n")) == (1, 1)
    assert "not of this entry" in forged.stderr


def test_what_the_log_holds_on_one_consent_is_told_with_the_proof_that_nothing_went_out_after_it(
    hana: Person, tmp_path
):
    """`idp audit verify FOLDER --consent`: its beginning, every disclosure, its end and nothing behind it."""
    grant = newest_grant(hana)
    press(hana, f"{LIST}/{grant.id}", action="end")
    export(hana.provider.services, tmp_path)
    entry = json.loads(json.loads(hana.browser.get(links(hana, grant, "entries")[0]).text)["entry"])
    key = str(hana.provider.services.log_key.public)
    done = command("verify", tmp_path, "--key", key, "--consent", entry["consent"])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "none after the end of its consent" in lines[1]
    assert "revoked" in lines[-1]
    assert "disclosure" in lines[-2]
    nothing = command("verify", tmp_path, "--key", key, "--consent", "00" * 32)
    assert nothing.returncode == 1


def test_the_record_of_all_sharing_is_complete(hana: Person):
    """Every grant with each event, entry and receipt; no value of hers, and nobody else's."""
    grant = newest_grant(hana)
    response = hana.browser.get(f"{LIST}/export")
    assert response.headers["content-disposition"] == 'attachment; filename="sharing.json"'
    assert response.headers["cache-control"] == "no-store"
    record = response.json()
    (own,) = [each for each in record["grants"] if each["id"] == grant.id]
    assert [event["kind"] for event in own["events"]] == ["given"]
    assert len(own["receipts"]) == 1
    assert [each["entry"]["kind"] for each in own["log_entries"]].count("disclosure") >= 3
    assert own["fields"]["prefecture"]["agreed"] is True
    assert "Tokyo" not in response.text
    ken = signed_in(Person(hana.provider, "ken@example.jp"))
    assert ken.browser.get(f"{LIST}/export").json()["grants"] == []


def test_nobody_gets_what_is_not_theirs_nor_what_there_is_not(hana: Person):
    """Other people's receipts and entries, and numbers that are none."""
    grant = newest_grant(hana)
    (entry, *_) = links(hana, grant, "entries")
    ken = signed_in(Person(hana.provider, "ken@example.jp"))
    own = f"{LIST}/{grant.id}"
    theirs = [entry, f"{own}/receipts/1", f"{own}/receipts/1/signed"]
    nothing = [f"{own}/receipts/{name}" for name in ("0", "2", "01", "x", "1" * 40, "%00", "1/x")]
    nothing += [f"{own}/receipts/{name}/signed" for name in ("0", "x")]
    nothing += [f"{own}/entries/{name}" for name in ("0", "-1", "x", "9" * 18, "9" * 40, "%00", "٣")]
    for person, path in [*((ken, path) for path in theirs), *((hana, path) for path in nothing)]:
        response = person.browser.get(path)
        assert (response.status_code, error_code(response)) == (404, "http_404"), path
    for path in (*theirs, f"{LIST}/export"):
        assert Person(hana.provider).browser.get(path).headers["location"].startswith("/login?next=")
