"""CloudWatch: what metrics hold, what is answered of them, and the alarms that watch them."""
