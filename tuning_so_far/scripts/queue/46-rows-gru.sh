cd /work/runs16/src17; export PYTHONPATH=$PWD OMP_NUM_THREADS=1; P=/work/main/.venv/bin/python; $P /work/runs16/row.py sparcode-gru:0 sparcode-gru:1 sparcode-gru:2 sparcode-gru:3 sparcode-gru:4
