"""The vocabulary of the protocols: names, errors and pure checks. Imports nothing of ours and performs no I/O."""
