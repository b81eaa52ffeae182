"""What encryption and the audit log cost, measured beside the same work without them."""
