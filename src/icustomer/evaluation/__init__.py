"""How well the matching does on events whose true persons are known; no servers needed."""
