"""Deliberate bugs, and the proof that a check catches each."""
