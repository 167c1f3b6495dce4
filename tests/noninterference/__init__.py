"""G6, non-interference: what a partner may not have of a person changes no byte of what it gets.

    python -m tests.noninterference --pairs 100000 --jobs 2

Two providers are made from one database file, with one clock and one stream of randomness: nothing differs between them
but the people. `people` draws pairs that differ in all that is not released; `worlds` puts each into one provider;
`asking` asks both the same as a partner does: data API, userinfo, token response with ID token and access token,
introspection, answers, decisions, and errors. `comparing` wants status, headers in their order and body to be the same
bytes; nothing is normalised. So that it can fail, now and then something that is released differs too: that must show.
"""
