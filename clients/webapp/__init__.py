"""What the example apps share: how a Flask app is a careful relying party, and nothing about what each app does.

relying_party.py  signing people in by Authlib's client, and the checks that it leaves to the app
sessions.py       sessions that stay on the server, so that no token ever reaches the browser
browsers.py       headers and the refusal of other sites' forms
environment.py    settings from environment variables
serving.py        serving without an access log, for a callback's URL holds a code
"""
