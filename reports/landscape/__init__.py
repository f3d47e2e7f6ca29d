"""The tables that reviews make by hand, regenerated from the store: who studies what, with what, and how it stands.

`review` has the two tables of the review that the tracker grew from, `counts` those of a later one, `matrix` tumours
by treatments, `flow` how the trials were found. All are pure: studies in, a `Table` out. `formats` writes them.
"""
