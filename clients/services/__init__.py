"""One small, real service for each sibling system, each behind guard.

payments/   what people paid, for whoever holds a token with the scope payments:read
marketing/  segments and campaigns among those who agreed, for whoever holds one with the scope campaigns:run
"""
