"""The person's own pages: their account, how they sign in, and the apps and partners that they share with."""
