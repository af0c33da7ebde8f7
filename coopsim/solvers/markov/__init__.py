"""Stochastic games: zero-sum by value and policy iteration, others stage by stage."""
