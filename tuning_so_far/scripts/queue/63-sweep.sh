cd /work/runs16/src5; PYTHONPATH=$PWD /work/main/.venv/bin/python -m sparcode_mini.cli sweep --folder /work/runs16/sweep --out /work/runs16/out/sweep.json
