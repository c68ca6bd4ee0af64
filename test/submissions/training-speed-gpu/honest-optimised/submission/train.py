"""What a miner of today would do first: a compiled model, an optimizer in one kernel, the next batch fetched ahead, no wait before the end."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class InnerStepsResult:
    final_logits: torch.Tensor
    total_tokens: int
    final_loss: float


compiled = {}


def loss_of(model, batch):
    logits = model(batch[:, :-1])
    return logits, F.cross_entropy(logits.reshape(-1, logits.size(-1)).float(), batch[:, 1:].reshape(-1))


def inner_steps(model, data_iterator, optimizer, num_steps, device):
    if model not in compiled:
        compiled[model] = torch.compile(loss_of)
    forward = compiled[model]
    options = dict(optimizer.param_groups[0])
    keep = {name: options[name] for name in ("lr", "betas", "eps", "weight_decay")}
    optimizer = torch.optim.AdamW(options["params"], fused=True, **keep)
    total_tokens = 0
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(next, data_iterator)
        for step in range(num_steps):
            batch = ahead.result().to(device, dtype=torch.long)
            if step + 1 < num_steps:
                ahead = pool.submit(next, data_iterator)
            logits, loss = forward(model, batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            total_tokens += batch.numel()
    return InnerStepsResult(logits.detach().float(), total_tokens, loss.item())
