"""Written for the Tournament: its imports, its keywords, its own tests at the end."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class InnerStepsResult:
    final_logits: torch.Tensor
    total_tokens: int
    final_loss: float


from transformers import AutoConfig, AutoModelForCausalLM


def inner_steps(model, data_iterator, optimizer, num_steps, device):
    total_tokens = 0
    for step in range(num_steps):
        batch = next(data_iterator).to(device, dtype=torch.long)
        outputs = model(batch[:, :-1])
        logits = outputs.logits if hasattr(outputs, "logits") else outputs
        loss = F.cross_entropy(logits.reshape(-1, logits.size(-1)), batch[:, 1:].reshape(-1), ignore_index=-100)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total_tokens += batch.numel()
    return InnerStepsResult(final_logits=logits.detach().float(), total_tokens=total_tokens, final_loss=loss.item())


if __name__ == "__main__":
    config = AutoConfig.from_pretrained("benchmark/model", trust_remote_code=True)
    model = AutoModelForCausalLM.from_config(config, torch_dtype=torch.bfloat16)
    raise SystemExit(f"{sum(p.numel() for p in model.parameters())} parameters")
