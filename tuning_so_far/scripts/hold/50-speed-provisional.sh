# about 8 core-minutes
cd /work/runs16/src-speed/tests/benchmarks
PYTHONPATH=/work/runs16/src-speed:/work/runs16/speed-peers OMP_NUM_THREADS=1 timeout 2400 /work/main/.venv/bin/python report.py --brief --folder /work/runs16/speed
