"""Adds up a store's bodies as they lie on disk, and the JSON in them. Run as a script, with the file; prints JSON."""

import json
import sqlite3
import sys
from contextlib import closing

import orjson

from tracker.store.codec import unpack

with closing(sqlite3.connect(sys.argv[1])) as connection:
    packed = [body for (body,) in connection.execute("SELECT body FROM study_version")]
records = [orjson.loads(unpack(body)) for body in packed]
if any("resultsSection" in record for record in records):
    sys.exit("a stored body has a resultsSection")
plain = sum(len(orjson.dumps(record)) for record in records)  # without any blanks, however they came
print(json.dumps({"studies": len(packed), "packed": sum(map(len, packed)), "json": plain}))
