"""The `bti` command for operators; commands call the same workflows as the pages."""
