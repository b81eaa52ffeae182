"""The network side: plans, bodies and released counts, never a person."""
