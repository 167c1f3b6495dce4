"""Fixtures for every test, and the way that Hypothesis looks for counterexamples."""

from hypothesis import settings

pytest_plugins = ["tests.real.fixtures", "tests.provider.fixtures"]

# The same cases on every run and no deadline, so that a change is judged by what it does and not by luck or load.
# `pytest --hypothesis-profile=default` goes looking for new ones, `--hypothesis-profile=hunt` for ten times as long.
settings.register_profile("hunt", settings.get_profile("ci"), derandomize=False, max_examples=1000)
settings.load_profile("ci")
