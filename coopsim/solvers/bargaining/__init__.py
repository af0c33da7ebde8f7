"""Bargaining: the solutions of Nash, of Kalai and Smorodinsky, and of equal gains."""
