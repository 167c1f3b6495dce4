"""Ichiba, the group's marketplace: a first-party web app that signs people in with Sekisho and shows their payments.

    STOREFRONT_ISSUER=https://id.example STOREFRONT_URL=https://ichiba.example STOREFRONT_CLIENT_ID=storefront \
    STOREFRONT_CLIENT_SECRET=... STOREFRONT_PAYMENTS_URL=https://payments.example python -m clients.storefront

app.py     its pages
tokens.py  the tokens of the person who is signed in: one for each place that they are shown to (RFC 8707)
"""
