"""The payments service: an internal API that knows people by the `sub` of their token and trusts no one without one.

    PAYMENTS_ISSUER=https://id.example PAYMENTS_URL=https://payments.example python -m clients.services.payments

It holds no secret: tokens are validated offline, by the issuer's published keys (RFC 9068). Its URL is also the
resource identifier for which the issuer makes them (RFC 8707).
"""
