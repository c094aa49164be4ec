cd /work/runs16/src5; PYTHONPATH=$PWD /work/main/.venv/bin/python -m sparcode_mini.cli study scoring --folder /work/runs16/tok/scoring --out /work/runs16/out/scoring.json
