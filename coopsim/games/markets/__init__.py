"""Markets with few sellers: quantities, prices, places."""
