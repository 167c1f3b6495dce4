"""May this be done? Questions one by one, several at once, and searches (OpenID AuthZEN Authorization API 1.0).

    POST /access/v1/evaluation
    {"subject": {"type": "partner_app", "id": "tabi-points"}, "action": {"name": "share"},
     "resource": {"type": "user_data", "id": "<sub>", "properties": {"fields": ["prefecture", "over_20"]}},
     "context": {"purpose": "points.credit", "grant_id": "…"}}
    {"decision": false, "context": {"released": ["prefecture"], "withheld": {"over_20": {"reason":
     "FIELD_NOT_CONSENTED", "requestable": true}}, "obligations": {}, "expires_at": 1803168000, "policy": "…",
     "decision_id": "…"}}

Who asks presents a token of its own with the scope `access_decisions`: a service of the group, about any partner's app,
or a partner's app, about itself alone. A person goes by the name that the asking client knows them by. A partner's app
names the grant as well, by which alone its name for the person leads to one; a search of resources tells which grants
there are. The decision is true if every field that is named goes out, and without `fields` if all that the person
agreed to does. It is made like every other decision about people's data, and nothing is disclosed by it: the answer
holds no value, and nothing is written down. `decision_id` is a hash of question, grounds and answer.

All other types are things of the group's own, decided by the setting `access_rules_file`, for services only.

`questions` reads requests, `user_data` and `things` decide, `answers` knows the semantics of batches and pages,
`routes` answers.
"""
