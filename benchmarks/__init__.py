"""What things cost, measured: each module is a program of its own."""
