"""`make bench`: requests per second of the hot paths beside an empty Flask route, in one run on one server.

A ratio says more than a figure: the empty route runs on the same machine, server and load, a moment before and after.
"""
