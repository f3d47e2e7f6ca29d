"""The floor: gets pages as plainly as requests can, and nothing else. Run as a script, with the addresses.

Imports nothing of the tracker.
"""

import sys

import requests

with requests.Session() as session:
    for url in sys.argv[1:]:
        answer = session.get(url, timeout=60)
        answer.raise_for_status()
        len(answer.content)
