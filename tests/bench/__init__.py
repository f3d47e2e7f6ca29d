"""Measures what a sync costs, against the bare download of the same pages: `python -m tests.bench`, or `make bench`.

The figures and how they are taken stand in this folder's README.md.
"""
