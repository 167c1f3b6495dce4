"""Tables and the questions asked of them. The only package that speaks SQL.

A module owns one table (or two that belong together) and a handful of narrow questions; whatever may happen once only
is one conditional statement. Every method takes the connection it works on, so that the caller decides what commits
together. Times are UTC seconds since the epoch, passed in by the caller.
"""
