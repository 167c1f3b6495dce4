"""What operators do: apply declarations of clients, partners, agreements and users; look at and change single things.

Called by the command line. Everything here is idempotent, and says what it changed.
"""
