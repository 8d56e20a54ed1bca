"""recbots.VectorEnv: what Gymnasium has no checker for, in all three modes."""
import gymnasium as gym
import numpy as np
import pytest
from conftest import MODES, flatten, row, same, slates
from gymnasium.vector import AutoresetMode

import recbots


def check_step(env, result):
    """Types, shapes, spaces and masks of what step returned."""
    observation, reward, terminated, truncated, info = result
    b, k = env.num_envs, env.parameters["slate_size"]
    assert env.observation_space.contains(observation)
    assert reward.dtype == np.float32 and reward.shape == (b,)
    for flags in (terminated, truncated):
        assert flags.dtype == np.bool_ and flags.shape == (b,)
    assert not (terminated & truncated).any()
    assert (reward >= env.parameters["min_reward"]).all() and (reward <= env.parameters["max_reward"]).all()
    assert set(info["response"]) == set(env.parameters["response"])
    for values in info["response"].values():
        assert values.dtype == np.float32 and values.shape == (b, k)
    assert info["slate"].dtype == np.int32 and info["slate"].shape == (b, k)
    ended = terminated | truncated
    assert ("episode" in info) == ended.any()
    if not ended.any():
        assert set(info) == {"response", "slate"}
        return
    assert (info["_episode"] == ended).all()
    assert (info["episode"]["l"][ended] > 0).all()
    assert not info["episode"]["l"][~ended].any() and not info["episode"]["r"][~ended].any()
    if env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP:
        assert (info["_final_obs"] == ended).all() and (info["_final_info"] == ended).all()
        final = info["final_obs"]
        assert flatten(final).keys() == flatten(observation).keys()
        for i in np.flatnonzero(ended):
            assert env.single_observation_space.contains(final[i])
            assert same(final[i], row(final, i))
        for i in np.flatnonzero(~ended):
            assert same(final[i], row(observation, i))
        assert info["final_info"]["episode"]["r"] is info["episode"]["r"]
    else:
        assert "final_obs" not in info


@pytest.mark.parametrize("observation", ["dict", "flat"])
@pytest.mark.parametrize("response", [False, True])
@pytest.mark.parametrize("copy", [False, True])
def test_keeps_the_rules_of_vector_environments(scenario, mode, observation, response, copy):
    config, overrides = scenario
    env = recbots.VectorEnv(config, 17, overrides, mode, observation, copy, response_in_observation=response)
    assert env.metadata["autoreset_mode"] is AutoresetMode(mode)
    assert isinstance(env, gym.vector.VectorEnv)
    first, info = env.reset(seed=3)
    assert env.observation_space.contains(first)
    assert not any(values.any() for values in info["response"].values())
    env.action_space.seed(1)
    over = np.zeros(17, np.bool_)
    num_ended = 0
    for step in range(150):
        actions = env.action_space.sample()
        assert env.action_space.contains(actions)
        result = env.step(actions)
        check_step(env, result)
        ended = result[2] | result[3]
        if mode != "SameStep":  # Users who wait, in their second step at most where they are not reset by hand.
            assert not result[1][over].any() and not ended[over].any()
            assert not any(values[over].any() for values in result[4]["response"].values())
        over = over | ended if mode == "Disabled" else ended
        num_ended += ended.sum()
        if mode == "Disabled" and step % 3 == 2 and over.any():
            before = row(result[0], 0) if not over[0] else None
            again, _ = env.reset(options={"reset_mask": over.copy()})
            assert env.observation_space.contains(again)
            if before is not None:
                assert same(before, row(again, 0))
            over[:] = False
    assert num_ended > 0


def episodes_of(env, steps, seed, num_ended=None):
    """{(row, episode): steps of it} as each mode tells them: observation before, action, reward, flags, observation after.

    Actions depend on row, episode and step only.
    """
    b, n, k = env.num_envs, env.parameters["candidates"], env.parameters["slate_size"]
    mode = env.metadata["autoreset_mode"]
    observation, _ = env.reset(seed=seed)
    episode, step = np.zeros(b, int), np.zeros(b, int)
    waits = np.zeros(b, np.bool_)
    played = {}
    for _ in range(steps):
        actions = np.array([np.random.default_rng([i, episode[i], step[i]]).permutation(n)[:k] for i in range(b)])
        after, reward, terminated, truncated, info = env.step(actions if k > 1 else actions[:, 0])
        ended = terminated | truncated
        for i in range(b):
            if waits[i]:
                continue
            last = info["final_obs"][i] if ended[i] and mode is AutoresetMode.SAME_STEP else row(after, i)
            played.setdefault((i, episode[i]), []).append(
                {"before": row(observation, i), "after": last, "reward": reward[i], "terminated": terminated[i],
                 "truncated": truncated[i], "response": row(info["response"], i)})
            step[i] += 1
            if ended[i]:
                length = len(played[i, episode[i]])
                assert info["episode"]["l"][i] == length
                total = sum(float(one["reward"]) for one in played[i, episode[i]])
                assert info["episode"]["r"][i] == pytest.approx(total, rel=1e-12)
        began = ended if mode is AutoresetMode.SAME_STEP else waits if mode is AutoresetMode.NEXT_STEP else ended
        if mode is AutoresetMode.DISABLED and ended.any():
            after, _ = env.reset(options={"reset_mask": ended.copy()})
        episode[began] += 1
        step[began] = 0
        waits = ended & (mode is AutoresetMode.NEXT_STEP)
        observation = after
    return played


def test_rows_are_single_environments_bit_for_bit(scenario, mode):
    config, overrides = scenario
    b, first_stream = 5, 11
    env = recbots.VectorEnv(config, b, overrides, mode, first_stream=first_stream)
    played = episodes_of(env, 90, seed=9)
    assert any(episode > 0 for _, episode in played)
    n, k = env.parameters["candidates"], env.parameters["slate_size"]
    for i in range(b):
        single = recbots.Env(config, overrides, stream=first_stream + i)
        for episode in range(1 + max(e for r, e in played if r == i)):
            observation, _ = single.reset(seed=9 if episode == 0 else None)
            for step, one in enumerate(played.get((i, episode), [])):
                action = np.random.default_rng([i, episode, step]).permutation(n)[:k]
                after, reward, terminated, truncated, info = single.step(action if k > 1 else int(action[0]))
                assert same(one, {"before": observation, "after": after, "reward": np.float32(reward),
                                  "terminated": np.bool_(terminated), "truncated": np.bool_(truncated),
                                  "response": info["response"]})
                observation = after


def test_observations_in_parts_and_flat_are_the_same(scenario, mode):
    config, overrides = scenario
    parts = recbots.VectorEnv(config, 6, overrides, mode, "dict", response_in_observation=True)
    flat = recbots.VectorEnv(config, 6, overrides, mode, "flat", response_in_observation=True, copy=False)

    def joined(observation, fields):
        columns = [observation[part].reshape(6, -1) for part in ("user", "doc") if part in observation]
        columns.append(np.stack([observation["response"][field] for field in fields], axis=-1).reshape(6, -1))
        return np.concatenate(columns, axis=1)

    rng = np.random.default_rng(1)
    fields = parts.parameters["response"]
    assert (joined(parts.reset(seed=1)[0], fields) == flat.reset(seed=1)[0]).all()
    for _ in range(60):
        actions = slates(rng, parts.single_action_space, 6)
        one, other = parts.step(actions), flat.step(actions.astype(np.int32))
        assert (joined(one[0], fields) == other[0]).all()
        assert all(same(a, b) for a, b in zip(one[1:4], other[1:4]))
        if "final_obs" in one[4]:
            assert (joined(one[4]["final_obs"], fields) == other[4]["final_obs"]).all()
        ended = one[2] | one[3]
        if mode == "Disabled" and ended.any():
            options = {"reset_mask": ended.copy()}
            assert (joined(parts.reset(options=options)[0], fields) == flat.reset(options=options)[0]).all()


def test_equal_seeds_are_equal_and_others_differ(scenario):
    config, overrides = scenario

    def play(seed, first_stream=0):
        env = recbots.VectorEnv(config, 8, overrides, first_stream=first_stream)
        rng = np.random.default_rng(0)
        seen = {"0": env.reset(seed=seed)[0]}
        for step in range(1, 30):
            seen[str(step)] = env.step(slates(rng, env.single_action_space, 8))[0]
        return seen

    assert same(play(1), play(1))
    assert not same(play(1), play(2))
    assert not same(play(1), play(1, first_stream=8))
    with pytest.raises(ValueError, match="first_stream"):
        recbots.VectorEnv(config, 8, overrides).reset(seed=[1, 2, 3, 4, 5, 6, 7, 8])


def test_copies_never_change_and_shared_arrays_live_for_two_steps():
    rng = np.random.default_rng(0)
    env = recbots.VectorEnv("interest_evolution", 4)
    kept = [env.reset(seed=1)]
    for _ in range(40):
        kept.append(env.step(slates(rng, env.single_action_space, 4)))
    snapshot = [flatten({str(i): part for i, part in enumerate(one)}) for one in kept]
    snapshot = [{key: value.copy() for key, value in one.items()} for one in snapshot]
    view = kept[3][0]["doc"][1, 2]
    bits = view.tobytes()
    del kept[3]
    for _ in range(40):
        env.step(slates(rng, env.single_action_space, 4))
    del snapshot[3]
    for one, before in zip(kept, snapshot):
        now = flatten({str(i): part for i, part in enumerate(one)})
        assert now.keys() == before.keys() and all(now[key].tobytes() == before[key].tobytes() for key in now)
    assert view.tobytes() == bits  # A view keeps its array.

    shared = recbots.VectorEnv("interest_evolution", 4, copy=False)
    first = shared.reset(seed=1)[0]
    bits = flatten(first)["/user"].tobytes()
    actions = slates(rng, shared.single_action_space, 4)
    second = shared.step(actions)[0]
    assert first["user"].tobytes() == bits
    assert not np.shares_memory(first["user"], second["user"])
    third = shared.step(actions)[0]
    assert np.shares_memory(first["user"], third["user"])


def test_memory_is_used_again_where_nobody_holds_it():
    env = recbots.VectorEnv("interest_evolution", 4)
    env.reset(seed=1)
    actions = np.tile([0, 1, 2], (4, 1))
    addresses = set()
    for _ in range(50):
        observation = env.step(actions)[0]
        addresses.add(observation["doc"].ctypes.data)
    assert len(addresses) <= 4


def test_sessions_of_several_users(mode):
    overrides = ["environment.history=", "environment.users_per_session=3"]
    env = recbots.VectorEnv("interest_evolution", 6, overrides, mode)
    env.reset(seed=1)
    rng = np.random.default_rng(1)
    left = np.zeros(6, np.bool_)
    sessions = 0
    for _ in range(400):
        observation, reward, terminated, truncated, info = env.step(slates(rng, env.single_action_space, 6))
        assert (observation["doc"][0] == observation["doc"][1]).all()
        assert not reward[left].any() and not (terminated | truncated)[left].any()
        left |= terminated | truncated
        for first in (0, 3):
            if left[first:first + 3].all():
                sessions += 1
                if mode == "SameStep":
                    left[first:first + 3] = False
        if mode == "Disabled" and env.waiting.any():
            assert (env.waiting[:3].all() or not env.waiting[:3].any())
            left[env.waiting] = False
            env.reset(options={"reset_mask": env.waiting})
        if mode == "NextStep":
            # A whole session that has left waits one step.
            for first in (0, 3):
                if left[first:first + 3].all() and not (terminated | truncated)[first:first + 3].any():
                    left[first:first + 3] = False
    assert sessions > 2
    with pytest.raises(ValueError, match="users_per_session 3"):
        recbots.VectorEnv("interest_evolution", 7, overrides)


def test_errors_name_the_thing_the_value_and_the_bound():
    env = recbots.VectorEnv("interest_evolution", 3, on_repeat="error")
    with pytest.raises(RuntimeError, match="no episode has begun"):
        env.step(np.zeros((3, 3), np.int64))
    with pytest.raises(RuntimeError, match="no episode has begun"):
        env.reset(options={"reset_mask": np.ones(3, np.bool_)})
    env.reset(seed=1)
    good = np.tile([0, 1, 2], (3, 1))
    bad = good.copy()
    bad[2] = [5, 6, 5]
    with pytest.raises(ValueError, match="user 2 names position 5 twice"):
        env.step(bad)
    bad[2] = [5, 6, 99]
    with pytest.raises(ValueError, match="user 2 names position 99, want 0..9"):
        env.step(bad)
    with pytest.raises(ValueError, match="6 positions, want 3 x 3"):
        env.step(good[:2])
    with pytest.raises(ValueError, match="float64, want whole numbers"):
        env.step(good.astype(np.float64))
    with pytest.raises(ValueError, match="num_envs 0, want 1.."):
        recbots.VectorEnv("browse", 0)
    with pytest.raises(ValueError, match="LaterStep"):
        recbots.VectorEnv("browse", 1, autoreset_mode="LaterStep")
    with pytest.raises(ValueError, match="reset_mask is int64"):
        env.reset(options={"reset_mask": np.ones(3, np.int64)})
    with pytest.raises(ValueError, match="want None"):
        env.reset(seed=3, options={"reset_mask": np.ones(3, np.bool_)})
    with pytest.raises(ValueError, match="on_repeat 'ignore', want one of 'fill', 'error'"):
        recbots.VectorEnv("browse", 1, on_repeat="ignore")
    env.step(good)


def test_made_by_name():
    env = gym.make_vec("recbots:interest_evolution", num_envs=12)
    assert isinstance(env.unwrapped, recbots.VectorEnv) and env.num_envs == 12
    observation, _ = env.reset(seed=1)
    assert observation["doc"].shape == (12, 10, 20)
    inner = gym.make_vec("recbots:browse", num_envs=4, episode_statistics=False)
    wrapped = gym.wrappers.vector.RecordEpisodeStatistics(inner)
    wrapped.reset(seed=1)
    plain = recbots.VectorEnv("browse", 4)
    plain.reset(seed=1)
    wrapped.action_space.seed(1)
    for _ in range(200):
        actions = wrapped.action_space.sample()
        one, other = wrapped.step(actions)[4], plain.step(actions)[4]
        assert ("episode" in one) == ("episode" in other)
        if "episode" in one:  # Its statistics are ours, as float32 sums of float32 rewards.
            assert (one["_episode"] == other["_episode"]).all()
            assert (one["episode"]["l"] == other["episode"]["l"]).all()
            assert one["episode"]["r"] == pytest.approx(other["episode"]["r"], rel=1e-5)
    assert wrapped.episode_count > 0


def test_samples_of_the_space_never_repeat():
    space = recbots.SlateSpace(5, 3, seed=1)
    seen = {tuple(space.sample()) for _ in range(2000)}
    assert len(seen) == 60 and all(len(set(slate)) == 3 for slate in seen)
    assert isinstance(space, gym.spaces.MultiDiscrete)
    batch = gym.vector.utils.batch_space(space, 100)
    batch.seed(1)
    assert all(len(set(slate)) == 3 for slate in batch.sample())
    assert (batch.sample() != batch.sample()).any()
    with pytest.raises(ValueError, match="slate_size 6, want 1..5"):
        recbots.SlateSpace(5, 6)


@pytest.mark.parametrize("mode", MODES)
def test_float64_rewards_on_request(mode):
    env = recbots.VectorEnv("browse", 4, autoreset_mode=mode, reward_dtype=np.float64)
    env.reset(seed=1)
    assert env.step(env.action_space.sample())[1].dtype == np.float64
