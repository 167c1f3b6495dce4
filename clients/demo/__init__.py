"""`make demo`: a provider and three apps on this machine, and the main journey played through their real pages.

__main__.py  the command: prepare, start, play, wait, stop
places.py    who stands at which address
setup.py     the throwaway folder: key, database, declarations, secrets
servers.py   the four servers as processes, none of which outlives the demo
browser.py   a plain HTTP user agent that fills in forms
journey.py   how the steps are played and told
steps.py     the steps
"""
