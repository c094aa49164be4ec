cd /work/runs16/src12; export PYTHONPATH=$PWD OMP_NUM_THREADS=1
P=/work/main/.venv/bin/python
$P -m sparcode_mini.cli study wishes --folder /work/runs16/table --out /work/runs16/out/wishes.json
