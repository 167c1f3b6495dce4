"""The person's own pages: the landing page, and the apps and partners that they share with."""
