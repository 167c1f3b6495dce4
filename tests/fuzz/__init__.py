"""Any bytes anywhere: every endpoint answers with an OAuth error or a page that helps, and nothing is lost.

`message` is a request as bytes, for a WSGI call or for a socket; `hostile` is what gets written into it; `endpoints`
holds a valid request of every kind to begin from; `world` is a provider with people and tokens that live;
`invariants` is what every answer must keep to.
"""
