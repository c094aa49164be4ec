cd /work/runs16/src17; export PYTHONPATH=$PWD OMP_NUM_THREADS=1; P=/work/main/.venv/bin/python; $P -m sparcode_mini.cli study pays --folder /work/runs16/far/pays --out /work/runs16/out/pays.json
