"""What people read when a password may not be chosen."""

from idp.passwords.rules import Weakness
from idp.web.pages import gettext as _


def refusal(weakness: Weakness, least: int) -> str:
    """Return why, and what to do, in the page's language. `least` is how many characters a password has."""
    match weakness:
        case Weakness.SHORT:
            return _("Choose a longer password: at least %(least)s characters. A few words do well.") % {"least": least}
        case Weakness.LONG:
            return _("Choose a shorter password: it is longer than we can take.")
        case Weakness.COMMON:
            return _("Many people use this password, so it is guessed first. Choose another one.")
        case Weakness.REPEATS:
            return _("This password is the same thing again and again. Choose one that is harder to guess.")
        case Weakness.NAMES:
            return _("This password is made of your own or our name. Choose one that is harder to guess.")
