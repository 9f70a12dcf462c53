"""The pure heart: who is one customer, and what is known of them.

No I/O, no clock, no randomness, no logging. All times are integers: microseconds since
the Unix epoch, UTC.
"""
