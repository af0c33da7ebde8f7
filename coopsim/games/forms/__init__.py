"""What solvers read: games written as payoffs over profiles."""
