"""`make scan`: wapiti and sqlmap against a demonstration that is thrown away afterwards."""
