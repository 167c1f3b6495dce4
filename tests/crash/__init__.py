"""The server dies at the worst moment, its workers die, its database goes away: nothing is lost, nothing doubled."""
