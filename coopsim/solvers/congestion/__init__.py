"""Traffic on networks: equilibrium and optimum flows."""
