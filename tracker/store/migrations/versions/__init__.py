"""One module a version. A version that has been released is never edited: the next one corrects it."""
