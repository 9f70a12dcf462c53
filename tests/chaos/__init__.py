"""Chaos on real servers: worker processes under faults, judged by an independent client."""
