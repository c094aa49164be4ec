cd /work/runs16/src17; export PYTHONPATH=$PWD OMP_NUM_THREADS=1; P=/work/main/.venv/bin/python; $P -m sparcode_mini.cli study leak --folder /work/runs16/table --out /work/runs16/out/leak.json
