"""The one seam to AWS: sessions, calls at Lambda's pace, waiting, and what a refusal means."""
