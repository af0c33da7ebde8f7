"""What `coopsim.solvers.check` tries: the laws, and the games to try them on."""
