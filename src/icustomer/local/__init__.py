"""Embedded servers, the event generator and the demo: icustomer on one machine."""
