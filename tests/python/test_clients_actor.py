"""recbots.Actor: rows of worlds that drive themselves."""
import random

import numpy as np
import pytest
from clients_support import PATIENCE, eventually, folder, start  # noqa: F401: fixtures
from test_clients_learner import DQN, tensors

import recbots
from recbots import _schema, _weights
from recbots._packer import Packer


def schema(next_slate):
    columns = [("observation", "f4", (1,)), ("next_observation", "f4", (1,)), ("slate", "i4", (2,))]
    columns += [("next_slate", "i4", (2,))] if next_slate else []
    return _schema.Schema(columns + [("response", "f4", (2, 1)), ("reward", "f4", ()), ("discount", "f4", ()),
                                     ("behaviour_probability", "f4", ()), ("weights_version", "i8", ()),
                                     ("weights_updates", "i8", ()), ("collected_micros", "i8", ())])


def expected(episode, n_step, discount, next_slate):
    """The rows of one episode, each by itself: [(slate, reward)], and how it ended."""
    steps, terminated = episode
    rows = []
    for t in range(len(steps)):
        m = min(n_step, len(steps) - t)
        over = t + m == len(steps)
        row = {"observation": float(t), "slate": steps[t][0], "next_observation": float(t + m),
               "reward": sum(discount ** i * steps[t + i][1] for i in range(m)),
               "discount": 0.0 if over and terminated else discount ** m}
        if next_slate:
            row["next_slate"] = [-1, -1] if over else steps[t + m][0]
        rows.append(row)
    return rows


@pytest.mark.parametrize("next_slate", [False, True])
@pytest.mark.parametrize("n_step", [1, 2, 3, 7])
def test_rows_of_users_in_any_order(n_step, next_slate):
    draw = random.Random(n_step)
    packer = Packer(schema(next_slate), n_step, 0.9)
    episodes = {user: ([([draw.randrange(9), draw.randrange(9)], draw.random()) for _ in range(draw.randrange(1, 9))],
                       draw.random() < 0.5) for user in range(40)}
    at, rows = dict.fromkeys(episodes, 0), dict((user, []) for user in episodes)
    while at:
        user = draw.choice(list(at))
        (steps, terminated), t = episodes[user], at[user]
        slate, reward = steps[t]
        over = t + 1 == len(steps)
        rows[user] += packer.shown(user, packer.column("observation", [t]), None, np.int32(slate), 0.5, 3, 30)
        rows[user] += packer.outcome(user, reward, [t + 1], None, None, over and terminated, over and not terminated)
        at[user] += 1
        if over:
            del at[user]
    for user, (steps, terminated) in episodes.items():
        packed = packer.pack(rows[user])
        wanted = expected((steps, terminated), n_step, 0.9, next_slate)
        assert len(packed) == len(steps)
        for name in wanted[0]:
            np.testing.assert_allclose(packed[name].reshape(len(steps), -1),
                                       np.array([row[name] for row in wanted]).reshape(len(steps), -1), rtol=1e-6)
        assert set(packed["weights_version"]) == {3}


def test_misuse_is_named():
    packer = Packer(schema(False), 1, 0.9)
    with pytest.raises(RuntimeError, match="user 'a': observe\\(\\) without act\\(\\)"):
        packer.outcome("a", 1, [0], None, None, False, False)
    packer.shown("a", packer.column("observation", [0]), None, np.int32([0, 1]), 1, 1, 1)
    with pytest.raises(RuntimeError, match="user 'a': act\\(\\) again without observe\\(\\)"):
        packer.check_act("a")
    for wrong, message in (((float("nan"), [0], None, None, False, False), "reward nan"),
                           ((1, [0], None, None, True, True), "want at most one"),
                           ((1, [0, 1], None, None, False, False), r"observation of shape \(2,\), want \(1,\)"),
                           ((1, None, None, None, False, False), "observation is missing"),
                           ((1, [np.inf], None, None, False, False), "observation with values that are not finite")):
        with pytest.raises(ValueError, match=message):
            packer.outcome("a", *wrong)
    with pytest.raises(ValueError, match="n_step 0"):
        Packer(schema(False), 0, 0.9)
    with pytest.raises(ValueError, match="discount 1.5"):
        Packer(schema(False), 1, 1.5)
    with pytest.raises(ValueError, match="these are no transitions"):
        Packer(_schema.Schema([("x", "f4", ())]), 1, 1)


class GreedyDqn:
    """Shows the item with the highest Q, and sometimes a random one: what recbots-actor does, in NumPy."""

    def __init__(self, num_items, policy_share, seed):
        self.num_items, self.share, self.draw = num_items, policy_share, np.random.default_rng(seed)

    def set_weights(self, payload):
        self.layers = _weights.decode(payload)

    def act(self, observation, candidates):
        x = np.concatenate([np.tile(observation, (self.num_items, 1)), np.eye(self.num_items)], axis=1)
        for i in (1, 2):
            x = np.maximum(x @ self.layers[f"q.w{i}"].T + self.layers[f"q.b{i}"], 0)
        best = int((x @ self.layers["q.w3"].T).argmax())
        shown = best if self.draw.random() < self.share else int(self.draw.integers(self.num_items))
        return [shown], (1 - self.share) / self.num_items + (self.share if shown == best else 0)


def test_a_world_of_its_own_fills_replay(folder, start):  # noqa: F811
    replay_role = start("recbots-replay", *DQN, "--set=replay.table.rate_limiter.samples_per_insert=0",
                        "--set=replay.table.rate_limiter.min_size=1", f"--run_dir={folder}",
                        "--listen=127.0.0.1:0")
    address = replay_role.address()
    with recbots.WeightsServer() as server:
        server.publish(tensors(), updates=5)
        # Some learner or actor says what rows are.
        teller = start("recbots-actor", *DQN, "--set=actor.users=1", "--set=actor.max_steps_per_second=1", f"--replay={address}",
                       f"--learner={server.address}")
        with recbots.Replay(address, timeout=PATIENCE) as replay:
            assert "reward" in replay.schema.names
            teller.end()
            before = replay.info()["tables"][0]["state"]["inserted"]
            draw = np.random.default_rng(3)
            with recbots.Actor(server.address, address, policy=GreedyDqn(10, 0.5, 1), discount=0.5, timeout=PATIENCE) as actor:
                steps = 0
                for episode in range(50):
                    observation = np.eye(10)[episode % 10]
                    for t in range(20):
                        slate, probability, version = actor.act(observation, user=episode)
                        assert version == server._version and 0 < probability <= 0.55
                        observation = np.eye(10)[slate[0]]
                        ended = t == 19 or draw.random() < 0.1
                        actor.observe(1000 + steps, observation=observation, response=[[1]], terminated=ended, user=episode)
                        steps += 1
                        if ended:
                            break
                    if episode == 24:
                        server.publish(tensors(2), updates=6)
                        eventually(lambda: actor._newest.version == 2, "the newer weights arrive")
                actor.flush(PATIENCE)
                assert actor.acknowledged_rows == steps
            assert replay.info()["tables"][0]["state"]["inserted"] == before + steps
            batches = replay.batches(256, observe=False)
            batch = next(batches)
            mine = batch["reward"] >= 1000
            assert mine.any()
            assert set(batch["weights_version"][mine]) <= {1, 2}
            np.testing.assert_array_equal(batch["next_observation"][mine].argmax(axis=1), batch["slate"][mine, 0])
            assert set(np.round(batch["discount"][mine], 3)) <= {0.0, 0.5}
            batches.close()


def test_no_weights_and_no_learner_are_told_apart(folder, start):  # noqa: F811
    replay_role = start("recbots-replay", *DQN, f"--run_dir={folder}", "--listen=127.0.0.1:0")
    with pytest.raises(TimeoutError, match="no actor or learner has told within 0.5 s what the rows"):
        recbots.Actor("127.0.0.1:1", replay_role.address(), policy=GreedyDqn(10, 1, 1), timeout=0.5)


def test_the_learnt_policy_in_c_plus_plus_is_that_in_numpy():
    try:
        from recbots import _sim  # noqa: F401
    except ImportError:
        pytest.skip("LearntPolicy needs the extension")
    overrides = ["algorithm.dqn={}"]
    with pytest.raises(ValueError, match="policy_share 2"):
        recbots.LearntPolicy("browse_prioritized", policy_share=2, overrides=overrides)
    theirs, ours = recbots.LearntPolicy("browse_prioritized", overrides=overrides), GreedyDqn(10, 1.0, 1)
    half = recbots.LearntPolicy("browse_prioritized", policy_share=0.5, overrides=overrides)
    for seed in range(5):
        payload = _weights.encode(tensors(seed))
        for policy in (theirs, ours, half):
            policy.set_weights(payload)
        for document in range(10):
            observation = np.eye(10, dtype=np.float32)[document]
            slate, probability = theirs.act(observation, None)
            assert (list(slate), probability) == ours.act(observation, None)
            shown, probability = half.act(observation, None)
            assert probability == pytest.approx(0.55 if shown[0] == slate[0] else 0.05)
