"""Where studies come from: the registry over HTTP, or files saved from it, behind one interface."""
