"""Vertices of best-response polytopes, and the equilibria that pairs of them make."""
