"""One small, real service for each sibling system, each behind guard.

payments/  what people paid, for whoever holds a token with the scope payments:read
"""
