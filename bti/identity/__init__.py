"""Primitives for proving who someone is: passwords, one-time codes, tokens, throttling.

Pure: no database, no framework, no settings. Who may sign in, and what is written down about it,
is left to the sign-in workflow.
"""
