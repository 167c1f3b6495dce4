"""What partners have here: a console for their staff, and the endpoint where their apps acknowledge messages."""
