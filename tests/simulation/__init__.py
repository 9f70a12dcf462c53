"""Whole workers in virtual time, on Kafka and Redis in memory, under faults drawn from a seed."""
