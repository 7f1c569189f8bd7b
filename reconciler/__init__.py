"""What git says is what AWS Lambda holds: validate, plan and apply declarative Lambda specs."""

__version__ = "0.1.0"
