"""Not packed: .lambdaignore names it."""
