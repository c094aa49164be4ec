#!/bin/sh
# Install SparCode Mini from this folder, without a network, and open the first lesson.
#
# It goes to the folder sparcode-mini in your home; SPARCODE_HOME names another one. To open the
# lessons again, start it again: your copies in the folder `work` stay as they are.
set -eu

here=$$(cd "$$(dirname "$$0")" && pwd)
home=$${SPARCODE_HOME:-$$HOME/sparcode-mini}
python=$$home/.venv/bin/python

mkdir -p "$$home"
cp -R "$$here/project/." "$$home/"
cp "$$here/check_laptop.py" "$$home/" # to fetch the films at home, without the stick
cp "$$here/$system/uv" "$$home/uv"
chmod +x "$$home/uv"
if command -v xattr >/dev/null 2>&1; then # macOS marks programs that came by download
    xattr -d com.apple.quarantine "$$home/uv" 2>/dev/null || true
fi

if [ ! -x "$$python" ] && ! "$$home/uv" venv --no-config --quiet --python $python "$$home/.venv"; then
    echo "Python $python is not on this laptop. Install it from the folder 'python' of the stick, if" >&2
    echo "your teacher has put it there, or from python.org. Then start this again." >&2
    exit 1
fi
echo "Installing into $$home; this takes one to five minutes"
"$$home/uv" pip install --no-config --no-cache --offline --no-index \
    --find-links "$$here/$system/wheels" --python "$$python" --editable "$$home[$extras]" pip
"$$python" "$$home/check_laptop.py" --project "$$home" || true
if [ "$${SPARCODE_LAB:-yes}" = no ]; then
    exit 0
fi
exec "$$python" -m sparcode_mini.lab
