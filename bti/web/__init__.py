"""The pages. Talks to workflows only; never to tables, keys or the audit log."""
