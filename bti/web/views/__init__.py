"""One blueprint per feature; each asks a workflow and renders what it returns."""
