"""The authorization endpoint (RFC 6749 3.1, OIDC Core 3.1.2): checks the request, leads the user through, answers.

`request` checks in one visible order; `flow` decides the next step from stored state; `response` writes the answer. The
pages for signing in and consenting are other capabilities: each ends by returning to `/authorize/continue`.
"""
