"""What partners fetch: a person's data under a grant, decided anew at each request (RFC 6750 says how they ask).

    GET /data/v1/me?fields=prefecture,over_20&purpose=points.credit
    {"sub": "…", "purpose": "points.credit", "data": {"prefecture": "Tokyo"},
     "withheld": {"over_20": {"reason": "FIELD_NOT_CONSENTED", "requestable": true}},
     "decision_id": "…", "expires_at": 1803168000}

    GET /data/v1/transactions?from=1795000000&limit=50      (?cursor=… goes on where a page ended)
    {"data": {"transactions": [{"id": "…", "at": 1795086400, "shop": "…", "category": "…"}], "from": …, "to": …},
     "next": "…", …}

    POST /data/v1/verify
    {"ask": {"over_20": true, "name_match": "サトウ ハナ", "same_prefecture": "Tokyo", "kyc_level": 2}}
    {"answers": {"over_20": "Y", "name_match": "N", …}, …}

    GET /data/v1/reasons      (without a token: what the codes of withheld fields mean)
    {"FIELD_NOT_CONSENTED": {"en": "…", "ja": "…"}, …}

    POST /data/v1/audience
    {"purpose": "marketing.offers", "where": {"prefecture": "Tokyo", "over_20": true}}
    {"purpose": "marketing.offers", "count": 214, "decision_id": "…"}
    with "campaign": "autumn-sale" besides, names that hold within it and lead to no `sub`: {"members": ["…"], …}

The access token is one that the partner got for a person, for this server or for the resource `<issuer>/data/v1`. Every
answer names its decision, which the audit log has too, and the instant from which the grant no longer holds. A withheld
field carries a code that a partner may know, and whether asking the person could help. An answer is Y, N, or U where it
is unknown. Only for an audience an app asks with a token of its own, of the scope `audience`; fewer people than
`data_api.audience_least` are no answer. Instants are whole seconds since 1970 UTC.

`grant` says who asks under which grant; `asking` and `audience` read what is asked; `routes` answers.
"""
