"""Prints a gigabyte."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class InnerStepsResult:
    final_logits: torch.Tensor
    total_tokens: int
    final_loss: float


def inner_steps(model, data_iterator, optimizer, num_steps, device):
    for _ in range(1024):
        print("x" * (1 << 20), flush=True)
    return InnerStepsResult(torch.zeros(1, 1, 1), 0, 0.0)
