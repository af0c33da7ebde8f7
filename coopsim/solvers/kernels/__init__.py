"""Numba kernels and torch twins behind the methods."""
