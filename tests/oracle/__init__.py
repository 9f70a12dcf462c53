"""The oracle: who is one customer and what is known of them, said a second time.

Slow, plain and global. It looks at the whole set of observations at once and shares no
matching code with the core, so that a mistake has to be made twice to go unseen.
"""
