"""The tamper-evident audit log: what an entry says, and how anybody can check that none was changed.

Importing this package imports nothing else, so `python -m bti.audit.verify` runs without the application.
"""
