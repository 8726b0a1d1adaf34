"""The laptop: the same template, policies, handlers and containers, without an account."""
