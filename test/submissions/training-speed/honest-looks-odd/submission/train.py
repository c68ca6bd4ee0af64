"""Honest code with everything that scanners take offence at."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class InnerStepsResult:
    final_logits: torch.Tensor
    total_tokens: int
    final_loss: float


import functools
import time


class Loss(torch.autograd.Function):
    """Cross-entropy with a backward of its own."""

    @staticmethod
    def forward(ctx, logits, targets):
        shares = torch.log_softmax(logits, dim=-1)
        ctx.save_for_backward(shares, targets)
        return F.nll_loss(shares, targets)

    @staticmethod
    def backward(ctx, grad):
        shares, targets = ctx.saved_tensors
        gradient = shares.exp()
        gradient[torch.arange(len(targets)), targets] -= 1
        return gradient * (grad / len(targets)), None


def evaluate(model, batch, loss_of):
    logits = model(batch[:, :-1])
    return logits, loss_of(logits.reshape(-1, logits.size(-1)), batch[:, 1:].reshape(-1))


def inner_steps(model, data_iterator, optimizer, num_steps, device):
    torch._dynamo.config.suppress_errors = True
    torch.set_float32_matmul_precision("high")
    began = time.perf_counter()
    work = functools.partial(evaluate, model, loss_of=Loss.apply)
    total_tokens = 0
    for step in range(num_steps):
        batch = next(data_iterator)
        batch = batch.to(device) if hasattr(batch, "to") else torch.tensor(batch)
        logits, loss = work(batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=type(loss) is torch.Tensor)
        total_tokens += batch.numel()
        print("step", step, getattr(loss, "item")())
    print("seconds", time.perf_counter() - began)
    return InnerStepsResult(logits.detach().float(), total_tokens, loss.item())
