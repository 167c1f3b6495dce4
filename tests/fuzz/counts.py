"""How many cases there are: few enough for every run, ten times as many in the profile `hunt`."""

from hypothesis import settings


def cases(count: int) -> settings:
    """Return as many cases as asked, in the proportion of the running profile to the usual one."""
    return settings(max_examples=count * settings.default.max_examples // settings.get_profile("ci").max_examples)
