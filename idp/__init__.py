"""Sekisho's authorization server.

`app.create_app` mounts every capability; each capability package owns one endpoint or page and its handlers.
Imports point down only: app, cli > capabilities > client_auth, web > services > authorization_server > tokens >
data_sharing, keys > store > settings > protocol. Import contracts in pyproject.toml hold that.
"""
