"""Labelled households of the kinds that public data lack, and how the matching does on each."""
