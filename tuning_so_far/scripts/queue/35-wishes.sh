cd /work/runs16/src17; export PYTHONPATH=$PWD OMP_NUM_THREADS=1; /work/main/.venv/bin/python -m sparcode_mini.cli study wishes --folder /work/runs16/table --out /work/runs16/out/wishes.json
