"""Linked tables: many tables of the same children, hidden and proven together.

`spec` says which tables, `cells` how they hang together, `counts` reads the rows, `suppress` and
`rounding` propose, `verify` decides, `attack` tries to see through, `engine` chooses, `export` writes.
"""
