"""Fixtures for every test, and the way that Hypothesis looks for counterexamples."""

from hypothesis import settings

pytest_plugins = ["tests.real.fixtures", "tests.provider.fixtures"]

# The same cases on every run and no deadline, so that a change is judged by what it does and not by luck or load.
# `pytest --hypothesis-profile=default` goes looking for new ones.
settings.load_profile("ci")
