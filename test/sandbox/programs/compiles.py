"""Compiles a small PyTorch model, trains it one step, and prints how far the compiled one is from the plain one."""
import importlib
import json
import os
import time

import torch

names = ["numpy", "scipy", "zstd", "zstandard", "brotli", "lz4.frame", "fastapi", "uvicorn", "python_multipart", "pydantic", "loguru"]
modules = [importlib.import_module(name).__name__ for name in names]
threads = len(os.listdir("/proc/self/task"))
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.GELU(), torch.nn.Linear(32, 16))
x = torch.randn(8, 16)
start = time.perf_counter()
compiled = torch.compile(model)
distance = (compiled(x) - model(x)).abs().max().item()
before = model[0].weight.detach().clone()
optimiser = torch.optim.AdamW(model.parameters())
compiled(x).square().sum().backward()
optimiser.step()
result = {
    "torch": torch.__version__,
    "modules": modules,
    "threads": threads,
    "distance": distance,
    "moved": bool((model[0].weight != before).any()),
    "objects": sum(name.endswith(".so") for _, _, files in os.walk("/cache") for name in files),
    "seconds": round(time.perf_counter() - start, 1),
}
print(json.dumps(result))
