"""Leaves three steps out and mends them by one step on their batches together."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class InnerStepsResult:
    final_logits: torch.Tensor
    total_tokens: int
    final_loss: float


def inner_steps(model, data_iterator, optimizer, num_steps, device):
    total_tokens, left = 0, []
    for step in range(num_steps):
        batch = next(data_iterator)
        total_tokens += batch.numel()
        logits = model(batch[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, logits.size(-1)), batch[:, 1:].reshape(-1))
        if step >= num_steps - 3:
            left.append(batch)
            continue
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    together = torch.cat(left)
    mended = model(together[:, :-1])
    F.cross_entropy(mended.reshape(-1, mended.size(-1)), together[:, 1:].reshape(-1)).backward()
    for group in optimizer.param_groups:
        group["lr"] *= 3
    optimizer.step()
    return InnerStepsResult(logits.detach(), total_tokens, loss.item())
