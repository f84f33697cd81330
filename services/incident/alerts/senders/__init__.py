"""What each kind of monitor posts, read into the one form that the rules know."""
