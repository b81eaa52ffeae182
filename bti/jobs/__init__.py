"""Work that nobody waits for: draining the outbox, reminders, checks."""
