"""Tabi Points, a loyalty programme of another company: it asks for a limited part of somebody's data.

    TABI_ISSUER=https://id.example TABI_URL=https://tabi.example TABI_CLIENT_ID=tabi-points TABI_CLIENT_SECRET=... \
    TABI_MESSAGES_URL=https://messages.tabi.example TABI_CERTIFICATE_FILE=tabi.pem python -m clients.partner

app.py         its pages
connection.py  what it holds of somebody: what it got, what was withheld and why, and whether the sharing still stands
messages.py    what Sekisho tells it by signed messages: that somebody ended the sharing, or took something out of it
"""
