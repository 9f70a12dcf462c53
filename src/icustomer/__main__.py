"""`python -m icustomer` is the command `icustomer`."""

from __future__ import annotations

from icustomer.cli import main

main()
