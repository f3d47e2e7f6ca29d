"""When things happen: the command line, and the composition of the other packages."""
