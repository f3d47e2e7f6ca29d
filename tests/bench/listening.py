"""Runs `tracker sync` and prints the address of every page that it asks for. Run as a script, with a config file.

It listens to urllib3, so that the floor asks for exactly what was sent.
"""

import logging
import sys

from jobs.cli import main


class _Pages(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple) and len(record.args) > 4:
            scheme, host, port, _, target = record.args[:5]
            if "/studies?" in str(target):
                print(f"{scheme}://{host}:{port}{target}")


connections = logging.getLogger("urllib3.connectionpool")
connections.addHandler(_Pages())
connections.setLevel(logging.DEBUG)
sys.exit(main(["sync", "--config", sys.argv[1]]))
