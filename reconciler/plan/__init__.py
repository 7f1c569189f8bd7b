"""What must happen: specs and a snapshot to actions and operations. Pure."""
