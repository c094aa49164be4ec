# about 60 core-minutes
cd /work/runs16/src-far-beyond; PYTHONPATH=$PWD OMP_NUM_THREADS=1 /work/main/.venv/bin/python -m sparcode_mini.cli study beyond --folder /work/runs16/far/beyond --out /work/runs16/out/beyond.json
