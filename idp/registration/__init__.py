"""Clients that register themselves (RFC 7591, OIDC Dynamic Client Registration) and look after themselves (RFC 7592).

Whether anybody may is the operator's decision: nobody, whoever has an initial access token, or everybody. Who comes so
is a third party without a partner: it signs people in and is shown to them as what it is, and gets nothing of anybody's
data, for there is no agreement. Only an initial access token may say that it is one of the group's own.
"""
