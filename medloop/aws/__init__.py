"""Reach: the only place that speaks boto3."""
