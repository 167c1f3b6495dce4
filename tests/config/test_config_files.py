"""The files of config/ say what is true: default.toml documents every setting, the others can be served."""

import tomllib
from base64 import b64encode
from dataclasses import fields, is_dataclass
from typing import get_type_hints

import pytest

from idp.admin.apply import read_declarations
from idp.settings import Settings, load_settings
from tests.provider.provider import ROOT

CONFIG = ROOT / "config"
DEFAULT = CONFIG / "default.toml"
KEY = b64encode(bytes(32)).decode()
COMMENTED = {"issuer", "key_encryption_key"}
"""What has no default, and what belongs in no file."""


def test_the_defaults_are_those_of_the_code():
    """Loading default.toml changes nothing."""
    environment = {"IDP_ISSUER": "https://id.example.jp", "IDP_KEY_ENCRYPTION_KEY": KEY}
    assert load_settings((DEFAULT,), environment) == load_settings((), environment)


@pytest.mark.parametrize(
    "group", ["", *(name for name, kind in get_type_hints(Settings).items() if is_dataclass(kind))]
)
def test_every_setting_is_documented(group: str):
    """Each stands in default.toml with its value, and the two without one in a comment."""
    text = DEFAULT.read_text("utf-8")
    document = tomllib.loads(text)
    kind = get_type_hints(Settings)[group] if group else Settings
    shown = document[group] if group else document
    assert {item.name for item in fields(kind)} - set(shown) == (set() if group else COMMENTED)
    assert all(f"# {name} = " in text for name in COMMENTED)


def test_the_template_for_production_is_safe():
    """HTTPS, PostgreSQL with a checked certificate, and no secret in the file."""
    settings = load_settings((CONFIG / "production.toml",), {})
    assert settings.is_https
    assert settings.database_url.startswith("postgresql")
    assert "sslmode=verify-full" in settings.database_url
    assert settings.key_encryption_key == ""
    assert settings == load_settings((DEFAULT, CONFIG / "production.toml"), {})


def test_the_demo_is_on_this_machine_alone():
    """Plain HTTP is for the loopback interface; the declarations name the same addresses."""
    settings = load_settings((CONFIG / "demo.toml",), {})
    assert settings.issuer == "http://localhost:8400"
    declared = read_declarations((CONFIG / "clients" / "demo.toml",))
    assert {resource for client in declared.clients for resource in client.get("resources", [])} == {
        *settings.resources
    }
