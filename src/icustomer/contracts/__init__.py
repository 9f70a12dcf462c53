"""The messages: what may come in and what goes out. Pydantic models are the contract."""
