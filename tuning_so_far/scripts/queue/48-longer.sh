cd /work/runs16/src17; export PYTHONPATH=$PWD OMP_NUM_THREADS=1; P=/work/main/.venv/bin/python; $P /work/runs16/longer.py
