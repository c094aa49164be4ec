"""The compiler for the few loops that are served from: numba, an extra that reading needs not."""

try:
    from numba import njit
except ImportError as error:
    raise ImportError(
        "the compiled paths need numba: pip install 'sparcode-mini[speed]'. The plain paths do the "
        "same without it: engine='plain', and model.encode"
    ) from error

# Compiled at the first call, then read from the cache beside the module. `compiled` keeps the order
# of every sum, so it gives the bits of the plain path; `reordered` may add up in any order, which
# lets sums run eight at a time, and agrees with the plain path to rounding.
compiled = njit(cache=True, nogil=True)
reordered = njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
