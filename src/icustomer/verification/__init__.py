"""What stands, held against what should stand: every law that can be checked at rest."""
