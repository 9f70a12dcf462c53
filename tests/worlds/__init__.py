"""Made-up worlds: people and what they tell, the log that delivers it, a worker in memory."""
