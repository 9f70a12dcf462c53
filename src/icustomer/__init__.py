"""One customer ID for every person who deals with a company."""

__version__ = "0.1.0"
