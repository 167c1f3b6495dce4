"""Making an account: the address is proved first, and nothing is kept of anybody who does not get that far."""
