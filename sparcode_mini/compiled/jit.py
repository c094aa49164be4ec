"""The compiler for the few loops that serve queries: numba, an optional package."""

import contextlib
import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

try:
    from numba import njit
except ImportError as error:
    raise ImportError(
        "the compiled paths need numba: pip install 'sparcode-mini[speed]'. The plain paths do the "
        "same without it: engine='plain', and model.encode"
    ) from error

Function = TypeVar("Function", bound=Callable[..., Any])
NO_CACHE = (
    "compiled without a cache, so every start compiles anew (2 to 4 s for a search, more for "
    "encode): numba can write neither beside the package nor in the home folder; set "
    "NUMBA_CACHE_DIR to a folder that can be written"
)


def cache_folder() -> Path | None:
    """Return the folder in which numba keeps what it has compiled; None if there is none."""

    def probe() -> None:
        pass

    try:
        return Path(str(njit(cache=True)(probe).stats.cache_path))
    except RuntimeError:  # numba finds no place for it: "no locator available"
        return None


class Forgiving:
    """A cache of numba's whose faults cost time only: damaged files, a disk that is full.

    Args:
        cache: that of a compiled function.
    """

    def __init__(self, cache: Any) -> None:
        self.cache = cache

    def load_overload(self, *words: Any) -> Any:
        """Return what was compiled before; None if there is nothing, or it can't be read."""
        try:
            return self.cache.load_overload(*words)
        except Exception as error:
            self._say("read", error)
            with contextlib.suppress(Exception):
                self.cache.flush()  # a damaged list of contents; the next start finds a new one
            return None

    def save_overload(self, *words: Any) -> None:
        """Keep what was compiled, if that is possible."""
        try:
            self.cache.save_overload(*words)
        except Exception as error:
            self._say("written", error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cache, name)

    def _say(self, verb: str, error: Exception) -> None:
        _say_once(self.cache.cache_path, verb, str(error))


@functools.cache
def _say_once(folder: str, verb: str, reason: str) -> None:
    """Say it in a warning: all functions have one folder, and one warning is enough."""
    warnings.warn(
        f"the cache of compiled functions in {folder} can't be {verb} ({reason}), so this start "
        "compiles anew; free some disk, or set NUMBA_CACHE_DIR to another folder",
        stacklevel=4,
    )


def _compiler(**options: Any) -> Callable[[Function], Function]:
    """Return a decorator that compiles a function at its first call and keeps the result."""

    def compile_later(function: Function) -> Function:
        dispatcher: Any = njit(cache=CACHED, nogil=True, **options)(function)
        if CACHED:
            # numba offers no other way to a cache of one's own
            dispatcher._cache = Forgiving(dispatcher._cache)
        return cast(Function, dispatcher)

    return compile_later


CACHED = cache_folder() is not None
if not CACHED:
    warnings.warn(NO_CACHE, stacklevel=1)

# `compiled` keeps the order of every sum, so it gives the bits of the plain path. `fused` may do a
# product and a sum in one step, and a ReLU by one instruction. `reordered` may also add in any
# order, so that eight sums run at a time. The last two agree with the plain path except for
# rounding.
#
# Every compiled function is also marked @no_type_check: the tests wrap functions in a checker, and
# numba can't compile the wrapper.
compiled = _compiler()
fused = _compiler(fastmath={"contract", "nnan", "nsz"})
reordered = _compiler(fastmath={"reassoc", "contract", "nsz"})
