"""What AWS holds, as specs that say it: told by AWS, named by what deployed it before. Pure."""
