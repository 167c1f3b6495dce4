"""Fifty at the same moment: whatever may happen once happens once, on SQLite and on PostgreSQL with several servers."""
