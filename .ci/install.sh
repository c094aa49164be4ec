#!/bin/sh
# Make the virtual environment and install the project into it; the Makefile calls this.
#
#   sh .ci/install.sh VENV PINS
#
# PINS=1 takes the exact versions of constraints.txt, PINS=0 the newest that pyproject.toml allows.
# PYTHON       the interpreter; unset or empty: the first one on PATH that will do
# TORCH_INDEX  where Linux gets PyTorch's CPU build; empty: your own package index only
set -eu

venv=$1
pins=$2
torch_index=${TORCH_INDEX-https://download.pytorch.org/whl/cpu}

# Says in a few words whether an interpreter will do. Python 2 must be able to read this.
verdict() {
    "$1" -c '
import sys
version = "%d.%d.%d" % tuple(sys.version_info[:3])
if sys.version_info < (3, 11):
    sys.exit("is Python %s, too old" % version)
try:
    import ensurepip, venv
except ImportError:
    sys.exit("is Python %s without its venv module (Debian, Ubuntu: apt install python3-venv)" % version)
print("is Python %s" % version)
' 2>&1 || return 1
}

find_python() {
    tried=
    # shellcheck disable=SC2086
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
        if ! command -v "$candidate" >/dev/null 2>&1; then
            what='is not on this machine'
        elif what=$(verdict "$candidate"); then
            python=$candidate
            echo "Using $candidate, which $what"
            return
        else
            # A launcher without the version behind it prints a page; its first line is enough.
            what=$(echo "$what" | head -n 1)
        fi
        tried="$tried
  $candidate $what"
    done
    cat >&2 <<MESSAGE
SparCode Mini needs Python 3.11 or newer. Looked at:$tried
What to do: install one (https://www.python.org/downloads/, your package manager, or
environment.yml with conda), or name one that you have: make ... PYTHON=/path/to/python3.12
MESSAGE
    exit 1
}

make_venv() {
    if [ -x "$venv/bin/python" ] && what=$(verdict "$venv/bin/python"); then
        return
    fi
    if [ -e "$venv/bin/python" ] || [ -L "$venv/bin/python" ]; then
        echo "$venv has no usable Python any more; making it anew"
    fi
    find_python
    "$python" -m venv --clear "$venv"
}

answers() {
    "$venv/bin/python" -c '
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=5).close()
' "$1/torch/" >/dev/null 2>&1
}

pip_install() {
    if [ "$pins" = 0 ]; then
        "$venv/bin/python" -m pip install --upgrade --upgrade-strategy eager "$@"
    else
        "$venv/bin/python" -m pip install -c constraints.txt "$@"
    fi
}

# On Linux the torch of PyPI carries several GB for GPUs that nothing here uses. PyTorch's own index
# has the CPU build; --no-deps takes torch and nothing else from there.
install_cpu_torch() {
    [ "$(uname -s)" = Linux ] && [ -n "$torch_index" ] || return 0
    if "$venv/bin/python" -m pip show -q torch >/dev/null 2>&1; then
        return 0
    fi
    if answers "$torch_index"; then
        echo "Taking the CPU build of torch from $torch_index"
        pip_install --no-deps --index-url "$torch_index" torch && return 0
    fi
    echo "$torch_index can't be used from here: torch comes from your own package index."
    echo "If that has only the build for GPUs, expect several GB instead of about 0.8 GB."
}

make_venv
install_cpu_torch
if ! pip_install -e ".[lab,site,test,course]"; then
    if [ "$pins" != 0 ]; then
        echo "If $("$venv/bin/python" --version) is newer than the versions of constraints.txt, take" >&2
        echo "those that pyproject.toml allows: the same make command with PINS=0" >&2
    fi
    exit 1
fi
