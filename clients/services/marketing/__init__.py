"""The campaign desk of Kaze Ads: it counts and writes to people whom it does not know, and only those who agreed.

    MARKETING_ISSUER=https://id.example MARKETING_URL=https://desk.example MARKETING_CLIENT_ID=... \
    MARKETING_CLIENT_SECRET=... python -m clients.services.marketing

People join by its pages; it keeps no token and nothing about them. The marketing team's programs ask it for segments
and sends, with tokens that guard validates. Whom a segment holds it asks Sekisho each time, so that whoever left
meanwhile is in no later send.

app.py        the pages and the API
audience.py   the question to Sekisho
campaigns.py  who was written to, by names that mean something within one campaign alone
"""
