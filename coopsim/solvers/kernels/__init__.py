"""Numba kernels and torch twins behind the methods."""

from coopsim.clock import leave_out_compiling

leave_out_compiling()  # every kernel is imported after this
