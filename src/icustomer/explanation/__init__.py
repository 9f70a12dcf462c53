"""Tells people how customers were put together, and all that is known of one. Pure."""
