"""Leaves one sequence of all out, once."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class InnerStepsResult:
    final_logits: torch.Tensor
    total_tokens: int
    final_loss: float


def inner_steps(model, data_iterator, optimizer, num_steps, device):
    total_tokens = 0
    for step in range(num_steps):
        batch = next(data_iterator).to(device, dtype=torch.long)
        logits = model(batch[:, :-1])
        kept = len(batch) - 1 if step == num_steps // 2 else len(batch)
        loss = F.cross_entropy(logits[:kept].reshape(-1, logits.size(-1)), batch[:kept, 1:].reshape(-1))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total_tokens += batch.numel()
    return InnerStepsResult(final_logits=logits.detach().float(), total_tokens=total_tokens, final_loss=loss.item())
