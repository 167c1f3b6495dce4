"""The token endpoint (RFC 6749 3.2): one file for each grant, the same outline in each.

A grant authenticates the client, runs its checks in order, consumes what may be used once by one conditional
statement, and asks the mint for the answer.
"""
