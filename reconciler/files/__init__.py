"""What is read from disk, safely: YAML with places, JSON Schema in words, code that is packed, the git work tree."""
