"""The rules. Pure functions on frozen facts, standard library only; time and actor are arguments."""
