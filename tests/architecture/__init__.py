"""The house checks itself: imports, the route list, README's table, and what tracked files must not hold."""
