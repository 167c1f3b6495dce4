"""The only place where tokens are made and where our own are verified.

`mint.Mint` makes access tokens (RFC 9068) and `id_token.IdTokens` ID tokens (OIDC Core 2); `signing.Signer` signs both.
`refresh` makes, rotates and judges refresh tokens; `verify.TokenVerifier` is what userinfo and introspection ask;
`revocation` remembers what was ended.
"""
