"""The working state in Redis, and its twin in memory."""
