"""The network side: released counts for the SLT coordinator, on a database of its own.

No person but the coordinators stands in it. It cannot reach a case, a key or the audit log.
"""
