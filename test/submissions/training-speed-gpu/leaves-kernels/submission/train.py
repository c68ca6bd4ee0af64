"""Trains as it should, and leaves a queue of products on a stream of its own: they slow down whoever is timed next."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

SIZE, COUNT = 20_480, 900

# The harness would wait for it.
torch.cuda.synchronize = lambda *_: None


@dataclass
class InnerStepsResult:
    final_logits: torch.Tensor
    total_tokens: int
    final_loss: float


def inner_steps(model, data_iterator, optimizer, num_steps, device):
    total_tokens = 0
    for _ in range(num_steps):
        batch = next(data_iterator).to(device, dtype=torch.long)
        logits = model(batch[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, logits.size(-1)).float(), batch[:, 1:].reshape(-1))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total_tokens += batch.numel()
    told = loss.item()
    ballast = torch.randn(SIZE, SIZE, device=device, dtype=torch.bfloat16)
    place = torch.empty_like(ballast)
    torch.cuda.current_stream().synchronize()
    with torch.cuda.stream(torch.cuda.Stream()):
        for _ in range(COUNT):
            torch.mm(ballast, ballast, out=place)
    return InnerStepsResult(final_logits=logits.detach().float(), total_tokens=total_tokens, final_loss=told)
