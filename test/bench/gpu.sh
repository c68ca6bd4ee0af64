#!/usr/bin/env bash
# Measures preset 150m on a machine with an NVIDIA GPU, an hour or less: bash test/bench/gpu.sh
# Docker with NVIDIA's container toolkit, else bubblewrap as root; image cuda is built by Docker when it is not in the cache.
# Derives the tolerances, measures the reference and an optimised code, and judges the cases that only a GPU can run.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
out=docs/measurements/150m-$(date -u +%Y-%m-%d)
mkdir -p docs/measurements
engine=bubblewrap
if docker info >/dev/null 2>&1; then engine=docker; fi

nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit --format=csv >"$out-card.csv"
npm run -s calibrate -- --preset 150m --seeds 3 >"$out-calibration.json"
npm run -s bench -- training --only 150m,150m-codes --json >"$out-bench.json"
npm run -s submissions -- --competition training-speed --preset 150m --engine "$engine" --dir test/submissions/training-speed-gpu --json >"$out-cases.json"
echo "figures are in $out-*"
