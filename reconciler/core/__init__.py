"""What every floor means by its words: values, errors, botocore's model, differences, seals, what is hidden. Pure."""
