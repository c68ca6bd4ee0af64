"""The contract's model, its first weights and its optimizer: the same in the process that runs a submission and in the one that checks it."""

import concurrent.futures
import contextlib
import hashlib

import numpy
import torch
import torch.nn.functional as F
from torch import nn

# Of first weights: uniform, with the standard deviation 0.02 that such models are started with.
SPREAD = numpy.float32(0.02 * 3**0.5 / 65535)
ROPE_BASE = 10_000.0


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        scale = torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + 1e-6)
        return (x.float() * scale).to(x.dtype) * self.weight


def rope(x):
    """Rotates pairs of channels by the position: x is [batch, heads, length, channels]."""
    half = x.shape[-1] // 2
    rates = ROPE_BASE ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angles = torch.arange(x.shape[-2], device=x.device, dtype=torch.float32)[:, None] * rates
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * cos - second * sin, first * sin + second * cos), -1)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm = RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.mlp_norm = RMSNorm(width)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(self.attention_norm(x)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(rope(query), rope(key), value, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.gelu(self.up(self.mlp_norm(x))))


class Model(nn.Module):
    """Token ids [batch, length] to logits [batch, length, vocabulary]; the embedding is also the output layer."""

    def __init__(self, shape, autocast):
        super().__init__()
        self.autocast = autocast
        self.embed = nn.Embedding(shape["vocabulary"], shape["width"])
        self.layers = nn.ModuleList(Block(shape["width"], shape["heads"]) for _ in range(shape["layers"]))
        self.norm = RMSNorm(shape["width"])

    def forward(self, input_ids):
        # Not `enabled=False` where the contract asks for none: that would undo a caller's own autocast.
        allowed = torch.autocast(input_ids.device.type, torch.bfloat16) if self.autocast else contextlib.nullcontext()
        with allowed:
            x = self.embed(input_ids)
            for layer in self.layers:
                x = layer(x)
            return F.linear(self.norm(x), self.embed.weight)


def first_weights(seed, name, shape):
    """One tensor's first values: SHAKE-256 over seed and name as u16, centred and scaled by one product; norms are 1."""
    if name.endswith("norm.weight"):
        return numpy.ones(shape, "<f4")
    count = int(numpy.prod(shape))
    words = numpy.frombuffer(hashlib.shake_256(f"{seed}:{name}".encode()).digest(2 * count), "<u2")
    return ((2 * words.astype("<i4") - 65535).astype("<f4") * SPREAD).reshape(shape)


def mapper(contract):
    """`map` over as many threads as the contract gives cores: NumPy and SHA-256 let others run meanwhile."""
    cores = int(contract["limits"]["cpus"])
    return map if cores < 2 else concurrent.futures.ThreadPoolExecutor(cores).map


def set_weights(model, seed, over):
    """Overwrites every parameter in place and drops the gradients; `over` is what `mapper` gave."""
    named = list(model.named_parameters())
    values = over(lambda one: torch.from_numpy(first_weights(seed, one[0], tuple(one[1].shape))), named)
    with torch.no_grad():
        for (_, parameter), value in zip(named, values):
            parameter.copy_(value)
            parameter.grad = None


def build_model(contract, device):
    model = Model(contract["model"], autocast=contract["precision"] == "bfloat16")
    return model.to(device).train()


def build_optimizer(model, contract):
    """AdamW with its state at zero."""
    o = contract["optimizer"]
    betas = (o["beta1Ppm"] / 1e6, o["beta2Ppm"] / 1e6)
    decay = o["weightDecayPpm"] / 1e6
    return torch.optim.AdamW(model.parameters(), lr=o["rateNanos"] / 1e9, betas=betas, eps=1e-8, weight_decay=decay)


def batch_of(payload, contract, device):
    """Tokens as the referee sends them, u16 LE, to int64 [batch, sequence]."""
    # Few operations of a GPU know u16: the 16 bits travel as they are, a quarter of what they become there.
    tokens = torch.frombuffer(payload, dtype=torch.int16).to(device).to(torch.int64) & 0xFFFF
    return tokens.view(contract["batch"], contract["model"]["sequence"])


def limit_threads(torch_module):
    """One thread: more than the sandbox's share of CPU spin against each other."""
    torch_module.set_num_threads(1)
