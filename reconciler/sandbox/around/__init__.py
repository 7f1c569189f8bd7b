"""What lies around Lambda: the other services, faults, what a world is stocked with."""
