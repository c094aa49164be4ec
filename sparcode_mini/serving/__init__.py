"""Use of a finished index: one quick query, other engines, shards, a cluster."""
