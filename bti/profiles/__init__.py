"""Local rules as data, loaded and validated once."""
