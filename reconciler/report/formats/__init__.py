"""One module an output format; each takes a document as its JSON file has it. `shown` holds what they share."""
