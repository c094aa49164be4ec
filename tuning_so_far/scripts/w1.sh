cd /work/runs16/src7; export PYTHONPATH=$PWD OMP_NUM_THREADS=1
P=/work/main/.venv/bin/python
$P /work/runs16/tune.py sparcode-gru
$P /work/runs16/tune.py all-to-all
