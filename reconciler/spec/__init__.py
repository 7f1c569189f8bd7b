"""What git says: files to specs, with every mistake at its place."""
