"""The consent page: who asks, why, for how long, for what exactly, and what happens on a no."""
