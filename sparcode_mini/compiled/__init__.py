"""The loops that serve queries, compiled by numba: the results of the plain ones, but faster."""
