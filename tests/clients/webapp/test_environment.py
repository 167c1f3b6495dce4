"""An app's settings come from its environment, whole or not at all."""

import pytest

from clients.storefront.app import Settings
from clients.webapp.environment import read_settings

WHOLE = {
    "STOREFRONT_ISSUER": "https://id.example",
    "STOREFRONT_URL": "https://ichiba.example",
    "STOREFRONT_CLIENT_ID": "storefront",
    "STOREFRONT_CLIENT_SECRET": "a secret",
    "STOREFRONT_PAYMENTS_URL": "https://payments.example",
}


def test_each_setting_has_its_variable():
    """The variable is the prefix and the setting's name."""
    settings = read_settings(Settings, "STOREFRONT", {**WHOLE, "STOREFRONT_OTHER": "ignored"})
    assert settings.client_secret == "a secret"
    assert settings.payments_url == "https://payments.example"


@pytest.mark.parametrize("variable", WHOLE)
@pytest.mark.parametrize("left", [None, ""])
def test_the_app_says_which_one_is_missing(variable: str, left: str | None):
    """In one line, without the values of the others."""
    environment = {name: value for name, value in {**WHOLE, variable: left}.items() if value is not None}
    with pytest.raises(SystemExit) as refused:
        read_settings(Settings, "STOREFRONT", environment)
    assert str(refused.value).startswith(f"set the environment variable {variable};")
    assert "a secret" not in str(refused.value)
