# about 65 core-minutes
cd /work/runs16/src-far-pays; PYTHONPATH=$PWD OMP_NUM_THREADS=1 /work/main/.venv/bin/python -m sparcode_mini.cli study pays --folder /work/runs16/far/pays --out /work/runs16/out/pays.json
