"""The store's contract: the same questions asked of SQLite and of PostgreSQL, by several threads where it matters."""
