"""Signing in with a password: the page, the check and the limits on guessing."""
