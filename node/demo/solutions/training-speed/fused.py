"""The reference's arithmetic in fewer passes: one kernel for AdamW, RoPE's tables made once, norms in one operation, no wait for a loss."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class InnerStepsResult:
    final_logits: torch.Tensor
    total_tokens: int
    final_loss: float


def tables(length, half, device):
    rates = 10_000.0 ** (-torch.arange(half, device=device, dtype=torch.float32) / half)
    angles = torch.arange(length, device=device, dtype=torch.float32)[:, None] * rates
    return torch.cat((angles.cos(),) * 2, -1), torch.cat((-angles.sin(), angles.sin()), -1)


def rope(x, cos, sin):
    return x * cos + x.roll(x.shape[-1] // 2, -1) * sin


def logits_of(model, tokens, cos, sin):
    batch, length = tokens.shape
    x = F.embedding(tokens, model.embed.weight)
    width = x.shape[-1]
    for layer in model.layers:
        heads = layer.heads
        qkv = F.linear(F.rms_norm(x, (width,), layer.attention_norm.weight, 1e-6), layer.qkv.weight)
        qkv = qkv.view(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        query, key = rope(qkv[:2], cos, sin)
        mixed = F.scaled_dot_product_attention(query, key, qkv[2], is_causal=True)
        x = x + F.linear(mixed.transpose(1, 2).reshape(batch, length, width), layer.out.weight)
        hidden = F.gelu(F.linear(F.rms_norm(x, (width,), layer.mlp_norm.weight, 1e-6), layer.up.weight))
        x = x + F.linear(hidden, layer.down.weight)
    return F.linear(F.rms_norm(x, (width,), model.norm.weight, 1e-6), model.embed.weight)


def fused(optimizer):
    options = dict(optimizer.param_groups[0])
    keep = ("lr", "betas", "eps", "weight_decay")
    return torch.optim.AdamW(options["params"], fused=True, **{name: options[name] for name in keep})


def inner_steps(model, data_iterator, optimizer, num_steps, device):
    optimizer = fused(optimizer)
    total_tokens, cos, sin = 0, None, None
    for _ in range(num_steps):
        batch = next(data_iterator).to(device, dtype=torch.long)
        if cos is None:
            half = model.embed.weight.shape[1] // model.layers[0].heads // 2
            cos, sin = tables(batch.shape[1] - 1, half, device)
        logits = logits_of(model, batch[:, :-1], cos, sin)
        loss = F.cross_entropy(logits.view(-1, logits.size(-1)), batch[:, 1:].reshape(-1))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total_tokens += batch.numel()
    return InnerStepsResult(logits.detach().float(), total_tokens, loss.item())
