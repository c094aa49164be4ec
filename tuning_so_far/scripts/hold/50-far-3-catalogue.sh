# about 15 core-minutes
cd /work/runs16/src-far-pays; PYTHONPATH=$PWD OMP_NUM_THREADS=1 /work/main/.venv/bin/python -m sparcode_mini.cli study catalogue_size --folder /work/runs16/far/catalogue --out /work/runs16/out/catalogue_size.json
