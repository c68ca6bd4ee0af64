"""Trains a small transformer of today's kind with PyTorch and writes its activations and their gradients to stdout.

RMS norms, rotary positions, gated feed-forward parts, AdamW with warm-up and cosine decay: other distributions than the
model in pool_build.py makes. Text, presets and frames are that program's.
"""

import math
import sys

sys.path.insert(0, "/harness")
import numpy as np  # noqa: E402
import torch  # noqa: E402
from pool_build import ALPHABET, DATA, END, HEADS, LOSS, MATRIX, PRESETS, SEED, make_text, send, send_json  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402


def rotary(length, size):
    """Cosines and sines of the angle by which each position turns each pair of a head's numbers."""
    frequency = 10_000.0 ** (-torch.arange(0, size, 2) / size)
    angle = torch.outer(torch.arange(length), frequency)
    return angle.cos(), angle.sin()


def turn(x, angles):
    cosine, sine = angles
    first, second = x.chunk(2, -1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), -1)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.before_attend, self.before_feed = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 8 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x, angles):
        batch, length, width = x.shape
        parts = self.qkv(self.before_attend(x)).view(batch, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        q, k, v = turn(parts[0], angles), turn(parts[1], angles), parts[2]
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        gate, value = self.up(self.before_feed(x)).chunk(2, -1)
        hidden = F.silu(gate) * value
        return x + self.down(hidden), hidden


class Model(nn.Module):
    def __init__(self, width, layers, length):
        super().__init__()
        self.embed = nn.Embedding(len(ALPHABET), width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(layers))
        self.end = nn.RMSNorm(width)
        self.angles = rotary(length, width // HEADS)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                # What adds to the stream starts smaller, the more layers add.
                narrow = math.sqrt(2 * layers) if name.endswith(("out.weight", "down.weight")) else 1
                nn.init.normal_(parameter, std=0.02 / narrow)

    def forward(self, tokens, record):
        x = self.embed(tokens)
        for layer, block in enumerate(self.blocks):
            x, hidden = block(x, self.angles)
            record("hidden", layer, hidden)
            record("stream", layer, x)
        return F.linear(self.end(x), self.embed.weight)


def send_matrix(name, step, kind, direction, layer, tensor):
    flat = tensor.detach().reshape(-1, tensor.shape[-1]).to(torch.bfloat16).contiguous()
    rows, columns = flat.shape
    send_json(MATRIX, model=name, step=step, layer=layer, kind=kind, direction=direction, rows=rows, columns=columns)
    send(DATA, flat.view(torch.int16).numpy().astype("<i2").tobytes())


def rate_at(step, steps):
    warm = max(1, steps // 20)
    return min(step / warm, 0.1 + 0.45 * (1 + math.cos(math.pi * max(0, step - warm) / steps)))


def train(random, text, name, width, layers, batch, length, steps, every, hidden):
    model = Model(width, layers, length)
    matrices = [parameter for parameter in model.parameters() if parameter.dim() == 2]
    gains = [parameter for parameter in model.parameters() if parameter.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": gains, "weight_decay": 0.0}]
    rate = 3e-3 * math.sqrt(128 / width)
    adam = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95))
    window = np.arange(length + 1)
    for step in range(1, steps + 1):
        starts = random.integers(0, len(text) - length - 1, (batch, 1))
        tokens = torch.from_numpy(text[starts + window])
        flows = []

        def record(kind, layer, tensor):
            if step % every == 0 and (hidden or kind == "stream"):
                tensor.retain_grad()
                flows.append((kind, layer, tensor))

        logits = model(tokens[:, :-1], record)
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in adam.param_groups:
            group["lr"] = rate * rate_at(step, steps)
        adam.step()
        send_json(LOSS, model=name, step=step, loss=loss.item())
        for kind, layer, tensor in flows:
            send_matrix(name, step, kind, "forward", layer, tensor)
        for kind, layer, tensor in reversed(flows):
            send_matrix(name, step, kind, "backward", layer, tensor.grad)


def main():
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    random = np.random.default_rng(SEED)
    text = make_text(random, 200_000)
    for shape in PRESETS[sys.argv[1]]:
        train(random, text, **shape)
    send_json(END)


if __name__ == "__main__":
    main()
