"""Pure decisions: no I/O, no clock, no boto3, no torch. Everything they need is an argument."""
