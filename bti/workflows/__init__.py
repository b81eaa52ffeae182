"""Use cases: the only place where a transaction opens. Loads, asks a rule, writes row and entry."""
