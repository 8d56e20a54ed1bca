"""recbots.sb3.VecEnv: SB3's interface, and SB3 itself where it is installed."""
import numpy as np
import pytest

import recbots


def test_speaks_sb3s_interface():
    env = recbots.sb3.VecEnv("browse", 8)
    env.seed(1)
    observation = env.reset()
    assert observation.shape == (8, *env.observation_space.shape) and env.observation_space.contains(observation[0])
    vector = recbots.VectorEnv("browse", 8, observation="flat")
    assert (vector.reset(seed=1)[0] == observation).all()
    ended = 0
    rng = np.random.default_rng(1)
    for _ in range(100):
        actions = rng.integers(10, size=8)
        env.step_async(actions)
        observation, reward, dones, infos = env.step_wait()
        expected = vector.step(actions)
        assert (observation == expected[0]).all() and (reward == expected[1]).all()
        assert (dones == expected[2] | expected[3]).all()
        assert len(infos) == 8 and len(list(infos)) == 8
        for i, info in enumerate(infos):
            assert ("terminal_observation" in info) == dones[i]
            if dones[i]:
                ended += 1
                assert (info["terminal_observation"] == expected[4]["final_obs"][i]).all()
                assert info["TimeLimit.truncated"] == expected[3][i]
                assert info["episode"]["r"] == expected[4]["episode"]["r"][i]
    assert ended > 0
    assert infos[-1] is infos[7] and len(infos[2:4]) == 2
    with pytest.raises(IndexError):
        infos[8]
    assert env.get_attr("num_envs", [0, 1]) == [8, 8]
    assert env.env_is_wrapped(object) == [False] * 8
    with pytest.raises(ValueError, match="SB3 wants SameStep"):
        recbots.sb3.VecEnv("browse", 2, autoreset_mode="NextStep")


@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
def test_sb3_learns(algorithm):
    stable_baselines3 = pytest.importorskip("stable_baselines3")
    env = recbots.sb3.VecEnv("browse", 16)
    arguments = {"PPO": {"n_steps": 64, "batch_size": 256}, "DQN": {"learning_starts": 500, "train_freq": 4}}[algorithm]
    model = getattr(stable_baselines3, algorithm)("MlpPolicy", env, seed=1, **arguments)
    model.learn(20_000)
    vector = recbots.VectorEnv("browse", 64, observation="flat")
    observation, _ = vector.reset(seed=5)
    returns = []
    for _ in range(300):
        actions, _ = model.predict(observation, deterministic=True)
        observation, *_, info = vector.step(actions)
        if "episode" in info:
            returns.extend(info["episode"]["r"][info["_episode"]])
    assert vector.share_of_gap(float(np.mean(returns))) > 0.3
