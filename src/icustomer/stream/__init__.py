"""Records in and out of Kafka, and the twin of it in memory."""
