"""The policy on its own: no server, no store, no clock."""
