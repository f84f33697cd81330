"""What the services cost, as ratios to the least the same work can cost: `make bench`."""
