"""The commands, one module each; every module holds its `command`. They wire the parts together and print."""
