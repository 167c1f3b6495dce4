"""The real servers and programs that tests talk to: PostgreSQL, Redis, Chromium, Node.

Each is started for one test session (the browser for one module), on a free loopback port and in a new folder of its
own, and ends with the process that started it, even when that one is killed. Nothing is ever reused from an earlier
run. Tests take them as fixtures (`fixtures.py`); the bench and other programs start them as context managers.
"""
