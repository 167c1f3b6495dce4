"""Do the tests of the engine notice when it changes? `python -m tests.mutation policies/decide.py ...`."""
