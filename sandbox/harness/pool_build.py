"""Trains a small decoder-only transformer with NumPy alone and writes its activations and their gradients to stdout.

Frames: u32 little-endian length of the payload, u8 type, payload. LOSS, MATRIX and END carry JSON; DATA follows each
MATRIX with the rows as bfloat16, little-endian, rounded to the nearest, ties to even.
"""
import json
import struct
import sys

import numpy as np

LOSS, MATRIX, DATA, END = 1, 2, 3, 4

# A model that has learned little repeats itself: what it gives compresses like nothing in the rest of a training. So nothing
# is kept of the first `after` steps, which take batches of `early` sequences. `hidden` adds the four times wider middle of each
# feed-forward part.
PRESETS = {
    "demo": [dict(name="small", width=128, layers=4, batch=4, early=4, length=64, after=240, steps=336, every=6, hidden=False)],
    "full": [
        dict(name="narrow", width=192, layers=4, batch=4, early=4, length=64, after=192, steps=288, every=24, hidden=True),
        dict(name="middle", width=256, layers=4, batch=8, early=4, length=64, after=192, steps=252, every=20, hidden=True),
        dict(name="wide", width=512, layers=4, batch=16, early=2, length=128, after=192, steps=216, every=3, hidden=True),
    ],
}
HEADS = 4
ALPHABET = " abcdefghijklmnopqrstuvwxyz."
SEED = 20_261_121
EPSILON = np.float32(1e-5)


def send(kind, payload):
    sys.stdout.buffer.write(struct.pack("<IB", len(payload), kind) + payload)


def send_json(frame, **fields):
    send(frame, json.dumps(fields).encode())
    sys.stdout.buffer.flush()


def make_text(random, letters):
    """A text of made-up words: Zipf's frequencies, each word with a few likely successors, so that there is much to learn."""
    words = ["".join(random.choice(list(ALPHABET[1:27]), random.integers(2, 8))) for _ in range(300)]
    frequency = 1 / np.arange(1, 301)
    frequency /= frequency.sum()
    successors = random.choice(300, (300, 4), p=frequency)
    parts, word, size = [], 0, 0
    while size < letters:
        word = successors[word, random.integers(4)] if random.random() < 0.8 else random.choice(300, p=frequency)
        part = words[word] + (". " if random.random() < 0.1 else " ")
        parts.append(part)
        size += len(part)
    index = {letter: number for number, letter in enumerate(ALPHABET)}
    return np.array([index[letter] for letter in "".join(parts)])


def make_parameters(random, width, layers, length):
    def normal(*shape):
        return (random.standard_normal(shape) * 0.02).astype(np.float32)

    def norm():
        return np.ones(width, np.float32), np.zeros(width, np.float32)

    parameters = {"embed": normal(len(ALPHABET), width), "place": normal(length, width), "head": normal(width, len(ALPHABET))}
    parameters["gain.end"], parameters["bias.end"] = norm()
    for layer in range(layers):
        for part in ("attend", "feed"):
            parameters[f"gain.{part}.{layer}"], parameters[f"bias.{part}.{layer}"] = norm()
        parameters[f"qkv.{layer}"] = normal(width, 3 * width)
        parameters[f"out.{layer}"] = normal(width, width)
        parameters[f"up.{layer}"] = normal(width, 4 * width)
        parameters[f"down.{layer}"] = normal(4 * width, width)
    return parameters


def normalise(x, gain, bias):
    centred = x - x.mean(-1, keepdims=True)
    scale = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + EPSILON)
    normal = centred * scale
    return normal * gain + bias, (normal, scale)


def normalise_back(gradient, gain, saved):
    normal, scale = saved
    inner = gradient * gain
    back = inner - inner.mean(-1, keepdims=True) - normal * (inner * normal).mean(-1, keepdims=True)
    return back * scale, (gradient * normal).sum(0), gradient.sum(0)


def gelu(x):
    tanh = np.tanh(np.float32(0.7978846) * (x + np.float32(0.044715) * x * x * x))
    return 0.5 * x * (1 + tanh), tanh


def gelu_back(x, tanh):
    inner = np.float32(0.7978846) * (1 + np.float32(3 * 0.044715) * x * x)
    return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * inner


def softmax(x):
    exponential = np.exp(x - x.max(-1, keepdims=True))
    return exponential / exponential.sum(-1, keepdims=True)


class Model:
    """Forward and backward pass by hand; `record(kind, direction, layer, matrix)` sees what flows between the layers."""

    def __init__(self, random, width, layers, length):
        self.layers, self.batch, self.length, self.width = layers, 0, length, width
        self.p = make_parameters(random, width, layers, length)
        self.mask = np.triu(np.full((length, length), -1e9, np.float32), 1)

    def heads(self, x):
        return x.reshape(self.batch, self.length, HEADS, -1).transpose(0, 2, 1, 3)

    def rows(self, x):
        return x.transpose(0, 2, 1, 3).reshape(self.batch * self.length, -1)

    def attend(self, x, layer):
        q, k, v = (self.heads(part) for part in np.split(x @ self.p[f"qkv.{layer}"], 3, axis=1))
        root = np.float32(1 / np.sqrt(self.width // HEADS))
        weights = softmax(q @ k.swapaxes(2, 3) * root + self.mask)
        mixed = self.rows(weights @ v)
        return mixed @ self.p[f"out.{layer}"], (x, q, k, v, weights, mixed, root)

    def attend_back(self, gradient, layer, saved, grads):
        x, q, k, v, weights, mixed, root = saved
        grads[f"out.{layer}"] = mixed.T @ gradient
        mixed_back = self.heads(gradient @ self.p[f"out.{layer}"].T)
        weights_back = mixed_back @ v.swapaxes(2, 3)
        scores = weights * (weights_back - (weights_back * weights).sum(-1, keepdims=True)) * root
        parts = scores @ k, scores.swapaxes(2, 3) @ q, weights.swapaxes(2, 3) @ mixed_back
        back = np.concatenate([self.rows(part) for part in parts], axis=1)
        grads[f"qkv.{layer}"] = x.T @ back
        return back @ self.p[f"qkv.{layer}"].T

    def step(self, tokens, targets, record):
        p, grads, saved = self.p, {}, []
        x = p["embed"][tokens] + np.tile(p["place"], (self.batch, 1))
        for layer in range(self.layers):
            normal, norm_attend = normalise(x, p[f"gain.attend.{layer}"], p[f"bias.attend.{layer}"])
            change, attended = self.attend(normal, layer)
            x = x + change
            fed, norm_feed = normalise(x, p[f"gain.feed.{layer}"], p[f"bias.feed.{layer}"])
            up = fed @ p[f"up.{layer}"]
            hidden, tanh = gelu(up)
            x = x + hidden @ p[f"down.{layer}"]
            saved.append((norm_attend, attended, norm_feed, fed, up, hidden, tanh))
            record("hidden", "forward", layer, hidden)
            record("stream", "forward", layer, x)
        end, norm_end = normalise(x, p["gain.end"], p["bias.end"])
        chances = softmax(end @ p["head"])
        rows = np.arange(len(targets))
        loss = float(-np.log(chances[rows, targets] + 1e-9).mean())
        chances[rows, targets] -= 1
        chances /= len(targets)
        grads["head"] = end.T @ chances
        back, grads["gain.end"], grads["bias.end"] = normalise_back(chances @ p["head"].T, p["gain.end"], norm_end)
        for layer in reversed(range(self.layers)):
            norm_attend, attended, norm_feed, fed, up, hidden, tanh = saved[layer]
            record("stream", "backward", layer, back)
            grads[f"down.{layer}"] = hidden.T @ back
            hidden_back = back @ p[f"down.{layer}"].T
            record("hidden", "backward", layer, hidden_back)
            hidden_back *= gelu_back(up, tanh)
            grads[f"up.{layer}"] = fed.T @ hidden_back
            change, *norms = normalise_back(hidden_back @ p[f"up.{layer}"].T, p[f"gain.feed.{layer}"], norm_feed)
            grads[f"gain.feed.{layer}"], grads[f"bias.feed.{layer}"] = norms
            back = back + change
            inner = self.attend_back(back, layer, attended, grads)
            change, *norms = normalise_back(inner, p[f"gain.attend.{layer}"], norm_attend)
            grads[f"gain.attend.{layer}"], grads[f"bias.attend.{layer}"] = norms
            back = back + change
        grads["place"] = back.reshape(self.batch, self.length, -1).sum(0)
        grads["embed"] = np.zeros_like(p["embed"])
        np.add.at(grads["embed"], tokens, back)
        return loss, grads


class Adam:
    def __init__(self, parameters, rate):
        self.rate, self.time = rate, 0
        self.first = {name: np.zeros_like(value) for name, value in parameters.items()}
        self.second = {name: np.zeros_like(value) for name, value in parameters.items()}

    def update(self, parameters, grads):
        self.time += 1
        rate = np.float32(self.rate * np.sqrt(1 - 0.95**self.time) / (1 - 0.9**self.time))
        for name, grad in grads.items():
            self.first[name] += np.float32(0.1) * (grad - self.first[name])
            self.second[name] += np.float32(0.05) * (grad * grad - self.second[name])
            parameters[name] -= rate * self.first[name] / (np.sqrt(self.second[name]) + np.float32(1e-8))


def to_bfloat16(x):
    bits = np.ascontiguousarray(x, dtype="<f4").view("<u4")
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def train(random, text, name, width, layers, batch, early, length, after, steps, every, hidden):
    model = Model(random, width, layers, length)
    adam = Adam(model.p, 3e-3 * np.sqrt(128 / width))
    window = np.arange(length)
    for step in range(1, steps + 1):
        model.batch = batch if step > after else early
        starts = random.integers(0, len(text) - length - 1, (model.batch, 1))
        flows = []

        def record(kind, direction, layer, matrix):
            if step > after and (step - after) % every == 0 and (hidden or kind == "stream"):
                flows.append((kind, direction, layer, to_bfloat16(matrix)))

        loss, grads = model.step(text[starts + window].ravel(), text[starts + window + 1].ravel(), record)
        adam.update(model.p, grads)
        send_json(LOSS, model=name, step=step, loss=loss)
        for kind, direction, layer, matrix in flows:
            rows, columns = matrix.shape
            fields = dict(model=name, step=step, layer=layer, kind=kind, direction=direction, rows=rows, columns=columns)
            send_json(MATRIX, **fields)
            send(DATA, matrix.tobytes())


def main():
    random = np.random.default_rng(SEED)
    text = make_text(random, 200_000)
    for shape in PRESETS[sys.argv[1]]:
        train(random, text, **shape)
    send_json(END)


main()
