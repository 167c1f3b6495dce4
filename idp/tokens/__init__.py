"""The only place where tokens are made and where our own are verified.

`mint.Mint` signs access tokens (RFC 9068) and ID tokens (OIDC Core 2); `refresh` makes, rotates and judges refresh
tokens; `verify.TokenVerifier` is what userinfo and introspection ask; `revocation` remembers what was ended.
"""
