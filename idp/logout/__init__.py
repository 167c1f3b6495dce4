"""Signing out (RP-Initiated Logout 1.0): the person is asked, unless the app proves that it speaks of this session."""
