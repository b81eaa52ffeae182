"""Rows: engine, column types, sealed columns, guards and tables. Knows neither rules nor HTTP."""
