"""What the terms of a search bring, and what an edit of them would bring, before it is saved.

What a term returns is always asked of the registry (`asking`); nothing here decides whether a study matches. `edits`
reads what a person wants to try, `overlap` compares the answers, `outlook` holds them against the membership,
`reading` shows where a term's words stand in a record, `complaints` translates the registry's refusals, `shipped`
knows the terms that come with the program. Nothing here writes.
"""
