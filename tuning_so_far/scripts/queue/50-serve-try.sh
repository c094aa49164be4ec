# seed 0 of front and shorter_lists: about 14 core-minutes
cp /work/runs16/table/{two-tower,sparcode,sparcode-sparse}-0.{json,safetensors} /work/runs16/serve/
cd /work/runs16/src-serve; PYTHONPATH=$PWD /work/main/.venv/bin/python seed0.py
