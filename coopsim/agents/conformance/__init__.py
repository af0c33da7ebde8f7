"""What `coopsim.agents.check` tries."""
