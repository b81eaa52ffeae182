"""Stafett: an encrypted stafettlogg (BTI) for Norwegian municipalities."""

__version__ = "0.1.0"
