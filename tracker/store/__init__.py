"""The tracker's memory: one SQLite file, or a PostgreSQL database, through SQLAlchemy Core.

`engine.open_store` opens it; `runs`, `changes`, `studies`, `members`, `versions` and `reports` read it, `writes` and
`reports` write it. Only this package knows SQL.
"""
