"""A running provider for tests: its declarations, the process or thread that serves it, and a person with a browser."""
