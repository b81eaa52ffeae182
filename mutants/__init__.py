"""Does a test notice when a line of what guards a child is changed? `make mutants` tries."""
