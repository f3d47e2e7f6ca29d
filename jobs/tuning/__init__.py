"""What `tracker search` prints: the searches, the registry's counts, a preview of an edit, why a trial is tracked."""
