"""The compiler for the few loops that serve queries: numba, an optional package."""

try:
    from numba import njit
except ImportError as error:
    raise ImportError(
        "the compiled paths need numba: pip install 'sparcode-mini[speed]'. The plain paths do the "
        "same without it: engine='plain', and model.encode"
    ) from error

# A function is compiled at its first call, then read from the cache beside the module. `compiled`
# keeps the order of every sum, so it gives the bits of the plain path. `fused` may do a product and
# a sum in one step, and a ReLU by one instruction. `reordered` may also add in any order, so that
# eight sums run at a time. The last two agree with the plain path except for rounding.
#
# Every compiled function is also marked @no_type_check: the tests wrap functions in a checker, and
# numba can't compile the wrapper.
compiled = njit(cache=True, nogil=True)
fused = njit(cache=True, nogil=True, fastmath={"contract", "nnan", "nsz"})
reordered = njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
