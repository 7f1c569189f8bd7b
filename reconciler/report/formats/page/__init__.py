"""The pieces of a markdown page: what says one thing of a document belongs here, as text in which foreign text is only text."""
