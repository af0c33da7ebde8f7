"""The laws that every game keeps, one module a subject; `coopsim.games.check` runs them."""
