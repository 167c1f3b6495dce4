"""`make demo`: a provider and four apps on this machine, and the main journey played through their real pages.

__main__.py  the command: prepare, start, play, wait, stop
places.py    who stands at which address
setup.py     the throwaway folder: key, database, declarations, secrets
servers.py   the servers as processes, none of which outlives the demo
browser.py   a plain HTTP user agent that fills in forms
journey.py   how the steps are played and told
steps.py     the steps, and in campaign.py those of the campaign desk
certificates.py  an authority of this demo alone, for the address at which the partner takes messages
"""
