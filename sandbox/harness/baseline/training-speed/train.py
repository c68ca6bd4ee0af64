"""The reference: the plain loop that every submission is compared with."""

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
    final_logits, final_loss = None, 0.0
    for _ in range(num_steps):
        batch = next(data_iterator).to(device, dtype=torch.long)
        logits = model(batch[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, logits.size(-1)).float(), batch[:, 1:].reshape(-1))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total_tokens += batch.numel()
        final_logits = logits.detach().float()
        final_loss = loss.item()
    return InnerStepsResult(final_logits=final_logits, total_tokens=total_tokens, final_loss=final_loss)
