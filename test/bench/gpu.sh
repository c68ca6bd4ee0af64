#!/usr/bin/env bash
# Measures preset 150m on a machine with an NVIDIA GPU, Docker and NVIDIA's container toolkit: bash test/bench/gpu.sh
# Builds the CUDA image, derives the tolerances, and measures the reference against itself and against faster code.
# Nobody who wrote it had a GPU. Figures, hardware and versions go to docs/measurements/.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
out=docs/measurements
mkdir -p "$out"
day=$(date -u +%Y-%m-%d)

nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit --format=csv >"$out/150m-$day-gpu.csv"
npm run -s calibrate -- --preset 150m --seeds 3 >"$out/150m-$day-calibration.json"
for name in honest-reference honest-fused honest-compile honest-prefetch; do
  node node/main.ts bench run --competition training-speed --preset 150m --seed gpu --json \
    "test/submissions/training-speed/$name/submission/train.py" >"$out/150m-$day-$name.json"
done
echo "figures are in $out"
