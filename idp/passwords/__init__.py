"""Passwords: which ones may be chosen, and how they are kept."""
