"""Keys, sealed values, blind indexes and row codes: bytes in, bytes out.

Knows no framework, no database and no environment; callers bring keys, places and paths.
"""
