"""The JSON API for professional systems: how bodies are read, described, and answered."""
