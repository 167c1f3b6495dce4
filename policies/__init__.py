"""What a partner may get of a person's data: pure decisions over plain values, standard library only.

The model in one line: release = request ∧ agreement ∧ consent ∧ policy cap ∧ user cap ∧ partner cap. Every step can
only take away; a missing, unknown or ill-typed input is nothing, so no mistake of a caller can widen what goes out.

Read in this order: `catalogue` (which fields and purposes exist, and which field gives another one away), `agreement`
(what a partner was promised, what a person agreed to), `obligations` (what must be done to a field before it goes
out), `reasons` (who is told what of a refusal), `clauses` and `conditions` (the policy as people write it), `bundle`
and `dues` (catalogue and policy compiled), `decision` (question, answer and reason codes), `gates` and `decide` (the
ordered checks), `claims` and `derive` (from released fields to OpenID Connect claims, OIDC Core section 5.1),
`discharge` (the values as they go out, with all done that was due).
Nothing here reads a file, a clock or a database: texts, instants and profiles are passed in.
"""
