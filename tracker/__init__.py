"""What a study is, how it is fetched, compared and remembered."""

__version__ = "0.1.0"
