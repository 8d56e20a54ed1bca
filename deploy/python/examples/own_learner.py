#!/usr/bin/env python3
"""A learner of one's own, in PyTorch: double DQN with prioritized replay on rows of recbots-replay, whose weights
recbots-actor acts on and recbots-evaluator measures. docs/python-clients.md shows how to start all of them.

The configuration that the other roles get must ask for slates of one from a fixed catalogue, and for the algorithm `dqn`
with its defaults: the names and shapes of what is published are its (common/algorithms/README.md).
"""
import argparse
import copy
import itertools
import sys
import time

import numpy as np
import torch

import recbots


def make_network(user_features, num_items, hidden=64):
    return torch.nn.Sequential(torch.nn.Linear(user_features + num_items, hidden), torch.nn.ReLU(),
                               torch.nn.Linear(hidden, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 1))


def values(network, observation, num_items):
    """Q of every item for every user, float32 [B, N]: users are features, items are one-hot."""
    users = observation[:, None, :].expand(-1, num_items, -1)
    items = torch.eye(num_items).expand(len(observation), -1, -1)
    return network(torch.cat([users, items], dim=-1)).squeeze(-1)


def tensors(network):
    """What actors want, by name and in this order: q.w1, q.b1, q.w2, ..."""
    layers = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    named = ((f"q.{kind}{number}", parameter) for number, layer in enumerate(layers, 1)
             for kind, parameter in (("w", layer.weight), ("b", layer.bias)))
    return {name: parameter.detach().numpy() for name, parameter in named}


def losses(network, target, columns, num_items):
    """Squared TD errors [B] of double DQN, and their absolute values: new priorities."""
    observation, after = (torch.from_numpy(columns[name]) for name in ("observation", "next_observation"))
    slate, reward, discount = (torch.from_numpy(columns[name]) for name in ("slate", "reward", "discount"))
    chosen = values(network, observation, num_items).gather(1, slate.long()).squeeze(1)
    with torch.no_grad():
        best = values(network, after, num_items).argmax(dim=1, keepdim=True)
        wanted = reward + discount * values(target, after, num_items).gather(1, best).squeeze(1)
    errors = chosen - wanted
    return errors.square(), errors.detach().abs().numpy()


def train(args):
    torch.manual_seed(args.seed)
    security = {name: getattr(args, name) for name in ("token_file", "tls_cert", "tls_key", "tls_ca")}
    with recbots.Replay(args.replay, timeout=args.timeout, **security) as replay, \
            recbots.WeightsServer(args.listen, replay=replay, **security) as server:
        print(f"serving weights at {server.address}", flush=True)
        shapes = {name: shape for name, _, shape in replay.schema.columns}
        user_features = shapes["observation"][0]
        network = make_network(user_features, args.items)
        target = copy.deepcopy(network)
        optimizer = torch.optim.Adam(network.parameters(), lr=args.learning_rate)
        server.publish(tensors(network), updates=0)
        start = time.monotonic()
        for update, batch in zip(itertools.count(1), replay.batches(args.batch_size, observe=False, ahead=4)):
            squares, errors = losses(network, target, batch.columns, args.items)
            weights = (batch.probabilities.min() / batch.probabilities) ** args.importance_exponent
            optimizer.zero_grad()
            (torch.from_numpy(weights) * squares).mean().backward()
            optimizer.step()
            with torch.no_grad():
                for ours, slow in zip(network.parameters(), target.parameters()):
                    slow.lerp_(ours, args.tau)
            replay.update_priorities(batch.keys, errors + 1e-3)
            if update % args.publish_updates == 0:
                server.publish(tensors(network), updates=update, env_steps=batch.table["inserted"])
            newest = server.evaluations[-1] if server.evaluations else None
            share = newest.value / newest.optimum if newest and newest.HasField("optimum") else 0.0
            if share >= args.goal:
                print(f"goal reached: value {newest.value:.3f} is {100 * share:.2f} % of the optimum after {update} updates, "
                      f"{batch.table['inserted']} steps and {time.monotonic() - start:.1f} s", flush=True)
                return 0
            if update >= args.max_updates:
                print(f"{update} updates were not enough: {100 * share:.2f} % of the optimum", flush=True)
                return 1
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--replay", required=True, help="where recbots-replay serves")
    parser.add_argument("--listen", default="127.0.0.1:0", help="where to serve weights, the --learner of other roles")
    parser.add_argument("--items", type=int, default=10, help="items of the catalogue")
    parser.add_argument("--goal", type=float, default=0.99, help="share of the optimum at which to end")
    parser.add_argument("--max_updates", type=int, default=20000)
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--learning_rate", type=float, default=1e-3)
    parser.add_argument("--tau", type=float, default=0.02, help="share of the network that its target takes per update")
    parser.add_argument("--importance_exponent", type=float, default=0.4)
    parser.add_argument("--publish_updates", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds without rows after which to give up")
    for name in ("token_file", "tls_cert", "tls_key", "tls_ca"):
        parser.add_argument("--" + name)
    return train(parser.parse_args())


if __name__ == "__main__":
    np.seterr(all="raise")
    sys.exit(main())
