cd /work/runs16/src5; PYTHONPATH=$PWD /work/main/.venv/bin/python -m sparcode_mini.cli study leak --folder /work/runs16/table --out /work/runs16/out/leak.json
