cd /work/runs16/src17; export PYTHONPATH=$PWD OMP_NUM_THREADS=1; P=/work/main/.venv/bin/python; $P /work/runs16/row.py sparcode-dnn:0 sparcode-dnn:1 sparcode-dnn:2 sparcode-dnn:3 sparcode-dnn:4
