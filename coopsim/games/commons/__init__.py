"""Contests and common goods: what one takes or gives is felt by all."""
