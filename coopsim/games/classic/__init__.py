"""Finite games played by table look-up: matrices and trees."""
