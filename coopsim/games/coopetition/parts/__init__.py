"""Parts of the repeated coopetition game beyond value and trust, one mechanism a file."""
