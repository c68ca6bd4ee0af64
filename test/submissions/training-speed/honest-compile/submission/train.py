"""Compiles the model in the run that warms up, and keeps what came out for the others."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class InnerStepsResult:
    final_logits: torch.Tensor
    total_tokens: int
    final_loss: float


compiled = {}


def inner_steps(model, data_iterator, optimizer, num_steps, device):
    if model not in compiled:
        compiled[model] = torch.compile(model)
    forward = compiled[model]
    total_tokens = 0
    for _ in range(num_steps):
        batch = next(data_iterator).to(device, dtype=torch.long)
        logits = forward(batch[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, logits.size(-1)).float(), batch[:, 1:].reshape(-1))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total_tokens += batch.numel()
    return InnerStepsResult(logits.detach().float(), total_tokens, loss.item())
