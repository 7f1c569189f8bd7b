"""What jobs of GitHub Actions run, one file a verb: as the commands do, told where a pull request is read."""
