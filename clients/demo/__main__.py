"""The command: prepare, start, play the journey, leave the servers up until Ctrl-C, stop all that was started."""

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence

from clients.demo.browser import Browser
from clients.demo.certificates import SITE
from clients.demo.journey import Journey, play, tell
from clients.demo.places import FIRST_PORT, ROOT, Places, port_of
from clients.demo.servers import Server, ServerDiedError, Servers
from clients.demo.setup import (
    SetupError,
    clean_environment,
    clean_up,
    idp_command,
    prepare,
    prove_messages,
    settings_file,
)
from clients.demo.steps import STEPS

HELD, BROKEN, NOT_STARTED, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str]) -> int:
    """Run the demo and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m clients.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="exit after the journey: 0 only if every step held")
    parser.add_argument("--port", type=int, default=FIRST_PORT, help="the first of six ports (default: %(default)s)")
    options = parser.parse_args(arguments)
    for stop in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell's background jobs start with it ignored
        signal.signal(stop, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal without ✓ shows ?
    places = Places.from_port(options.port)
    taken = places.taken_port()
    if taken is not None:
        mend = f"stop what listens there, or choose six others: {sys.executable} -m clients.demo --port 9400"
        print(f"Port {taken} is taken: {mend}", file=sys.stderr)
        return NOT_STARTED
    try:
        return _run(places, once=options.once)
    except (SetupError, ServerDiedError) as error:
        print(f"\nThe demo has stopped: {error}", flush=True)
        return BROKEN
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(places: Places, *, once: bool) -> int:
    print("Sekisho demo\n\nPreparing", flush=True)
    secrets = prepare(places)
    tell(held=True, title="A fresh database, keys and declarations", outcome=str(places.folder.relative_to(ROOT)))
    with Servers() as servers:
        for server in _servers(places, secrets):
            servers.start(server)
        servers.wait_until_ready()
        prove_messages(places)
        tell(held=True, title="Five servers are up", outcome="provider, storefront, partner, payments, campaigns")
        print("\nThe journey, over HTTP", flush=True)
        with Browser() as browser:
            held = play(Journey(places, secrets, browser), STEPS)
        print("\nEvery step held." if held else "\nA step did not hold.", flush=True)
        if not once:
            _leave_up(servers, places, secrets)
    if held:
        clean_up(places)
    return HELD if held else BROKEN


def _leave_up(servers: Servers, places: Places, secrets: Mapping[str, str]) -> None:
    """Say what is where, and wait for Ctrl-C or a signal, which is how a demo is meant to end."""
    people = "\n".join(f"  {name}  password {secret}" for name, secret in secrets.items() if "@" in name)
    try:
        print(
            f"""
Everything stays up:
  {places.storefront}  the storefront
  {places.partner}  Tabi Points, the partner
  {places.marketing}  Kaze Ads, who send offers
  {places.provider}/account/sharing  Hana's apps and partners
  {places.provider}/mailbox  the mail that people would get
  {places.provider}/.well-known/openid-configuration

Sign in as
{people}

Look behind it: .venv/bin/idp --config {settings_file(places).relative_to(ROOT)} --help
Press Ctrl-C to stop.""",
            flush=True,
        )
        servers.wait_for_an_end()
    except KeyboardInterrupt:
        print("\nStopping.", flush=True)


def _servers(places: Places, secrets: Mapping[str, str]) -> list[Server]:
    environment = clean_environment()
    python = [sys.executable, "-m"]
    storefront = {
        "STOREFRONT_ISSUER": places.provider,
        "STOREFRONT_URL": places.storefront,
        "STOREFRONT_CLIENT_ID": "storefront",
        "STOREFRONT_CLIENT_SECRET": secrets["storefront"],
        "STOREFRONT_PAYMENTS_URL": places.payments,
    }
    partner = {
        "TABI_ISSUER": places.provider,
        "TABI_URL": places.partner,
        "TABI_CLIENT_ID": "tabi-points",
        "TABI_CLIENT_SECRET": secrets["tabi-points"],
        "TABI_MESSAGES_URL": places.messages,
        "TABI_CERTIFICATE_FILE": str(places.folder / SITE),
    }
    marketing = {
        "MARKETING_ISSUER": places.provider,
        "MARKETING_URL": places.marketing,
        "MARKETING_CLIENT_ID": "kaze-ads",
        "MARKETING_CLIENT_SECRET": secrets["kaze-ads"],
    }
    payments = {"PAYMENTS_ISSUER": places.provider, "PAYMENTS_URL": places.payments}
    serve = [*idp_command(places), "serve", "--port", str(port_of(places.provider))]
    return [
        Server("The provider", serve, environment, f"{places.provider}/health/ready", places.folder / "provider.log"),
        *(
            Server(title, [*python, module], {**environment, **own}, f"{url}/health", places.folder / f"{log}.log")
            for title, module, own, url, log in (
                ("The storefront", "clients.storefront", storefront, places.storefront, "storefront"),
                ("The partner", "clients.partner", partner, places.partner, "partner"),
                ("The payments service", "clients.services.payments", payments, places.payments, "payments"),
                ("The campaign desk", "clients.services.marketing", marketing, places.marketing, "marketing"),
            )
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
