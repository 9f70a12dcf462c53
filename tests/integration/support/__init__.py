"""The real program as its users run it, and an independent reader of what it publishes."""
