"""Mean-field games: fixed points of a population and the best responses to it."""
