"""Repeated zero-sum games with information on one side."""
