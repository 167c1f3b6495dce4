"""Mirrors idp/.

journeys/ drive clients/ end to end, architecture/ checks the house, real/ starts the servers that tests talk to.
"""
