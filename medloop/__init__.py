"""Rules and reach: pure decisions on this floor, imaging beside them, the outside world below."""
