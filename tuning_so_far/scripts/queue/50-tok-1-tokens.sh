cd /work/runs16/src-tok; PYTHONPATH=$PWD /work/main/.venv/bin/python -m sparcode_mini.cli study tokens --folder /work/runs16/tok/tokens --out /work/runs16/out/tokens.json
