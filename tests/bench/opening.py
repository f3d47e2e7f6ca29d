"""What every sync pays before it begins: `tracker --version`, and opening (or making) the store. Run as a script."""

import sys

from jobs.cli import main
from tracker.store.engine import open_store

main(["--version"])
with open_store(sys.argv[1], create=True) as store, store.connect():
    pass
