"""Solutions of games as they are played over time: optima, equilibria, triggers."""
