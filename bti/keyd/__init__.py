"""The key broker: it decides which keys a session may have, writes the read entry, releases."""
