"""What AWS holds: reading it, in bulk where AWS can."""
