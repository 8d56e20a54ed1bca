#!/usr/bin/env python3
"""The Python side alone: specs, messages, and environments of Gymnasium where it is there. Exit code 77: no NumPy."""
import importlib.util
import os
import sys
import unittest

if importlib.util.find_spec("numpy") is None:
    sys.exit(77)

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../deploy/python"))
import recbots
from recbots import _environment_wire as wire
from recbots.gym_world import GymWorld


class SpecTest(unittest.TestCase):
    def test_refuses_what_cannot_be(self):
        for wrong, named in [
            (dict(), "user_features and candidate_features are both 0"),
            (dict(user_features=-1), "user_features is -1"),
            (dict(user_features=1.5), "user_features is 1.5"),
            (dict(user_features=1, slate_size=11), "slate_size is 11, want 1..10"),
            (dict(user_features=1, response=["a", "a"]), "want different names"),
            (dict(user_features=1, response=[]), "response has no names"),
            (dict(user_features=1, min_reward=1), "rewards are 1..1.0"),
            (dict(user_features=1, max_reward=float("nan")), "rewards are 0.0..nan"),
        ]:
            with self.assertRaisesRegex(ValueError, named):
                recbots.Spec(**wrong)


class DrawsTest(unittest.TestCase):
    def make(self, num_users, first_stream, seed=1):
        env = recbots.Environment()
        env._begin(num_users, first_stream, seed)
        env._begin_episodes(np.arange(num_users))
        return env

    def test_depend_on_the_user_alone(self):
        many, one = self.make(8, 10), self.make(1, 15)
        many.uniform(np.arange(8), 2)
        one.uniform(np.arange(1), 2)
        np.testing.assert_array_equal(many.normal(np.arange(8), 3)[5], one.normal(np.arange(1), 3)[0])

    def test_differ_by_seed_stream_episode_and_draw(self):
        draws = [self.make(4, 0).uniform(np.arange(4), 4), self.make(4, 0, seed=2).uniform(np.arange(4), 4)]
        env = self.make(4, 0)
        env._begin_episodes(np.arange(4))
        draws.append(env.uniform(np.arange(4), 4))
        draws.append(env.uniform(np.arange(4), 4))
        self.assertEqual(np.unique(draws).size, 64)

    def test_have_the_moments_they_should(self):
        env = self.make(2000, 0)
        rows = np.arange(2000)
        n = 2000 * 100
        uniform, normal = env.uniform(rows, 100), env.normal(rows, 100)
        self.assertLess(abs(uniform.mean() - 0.5), 5 * np.sqrt(1 / 12 / n))
        self.assertLess(abs(normal.mean()), 5 / np.sqrt(n))
        self.assertLess(abs(normal.var() - 1), 5 * np.sqrt(2 / n))
        counts = np.bincount(env.integers(rows, 100, 7).ravel(), minlength=7)
        self.assertEqual(counts.size, 7)
        self.assertLess(((counts - n / 7) ** 2 / (n / 7)).sum(), 40)  # Chi-square with 6 degrees: 4e-7.


class WireTest(unittest.TestCase):
    def test_reads_what_it_writes(self):
        spec = recbots.Spec(user_features=300, candidates=7, response=["click", "zeit"], max_reward=2.5, name="ä")
        read = {}
        for field, value in wire.fields(wire.encode_spec(spec)):
            read.setdefault(field, []).append(bytes(value) if isinstance(value, memoryview) else value)
        self.assertEqual(read[1], ["ä".encode()])
        self.assertEqual((read[2], read[4], read[9]), ([300], [7], [2.5]))
        self.assertEqual(read[6], [b"click", b"zeit"])

    def test_refuses_what_is_no_message(self):
        for wrong in (b"\xff", b"\x0a\x05ab", b"\x0b"):
            with self.assertRaises(ValueError):
                list(wire.fields(wrong))

    def test_negative_numbers_go_there(self):
        self.assertIn((2, (1 << 64) - 1), list(wire.fields(next(v for _, v in wire.fields(wire.error("step", "x"))))))


class OutTest(unittest.TestCase):
    def setUp(self):
        self.columns = wire.Columns(recbots.Spec(user_features=2, candidate_features=1, candidates=3), 4)
        self.out = wire.Out(self.columns)

    def test_assigning_copies(self):
        self.out.reward = [1, 2, 3, 4]
        self.out.terminated = True
        np.testing.assert_array_equal(self.columns.reward, [1, 2, 3, 4])
        self.assertTrue(self.columns.terminated.all())

    def test_refuses_other_shapes_and_names(self):
        with self.assertRaisesRegex(ValueError, r"out.next_observation is \[4, 2\], not \[2\]"):
            self.out.next_observation = np.zeros(2)
        with self.assertRaisesRegex(AttributeError, "no column 'rewards'"):
            self.out.rewards = 1


@unittest.skipIf(importlib.util.find_spec("gymnasium") is None, "no gymnasium")
class GymWorldTest(unittest.TestCase):
    def play(self, made, factory, num_users, first_stream):
        world = GymWorld(made, factory, num_users, None)
        columns = wire.Columns(world.spec, num_users)
        out = wire.Out(columns)
        world._begin(num_users, first_stream, 1)
        world.start()
        world._begin_episodes(np.arange(num_users))
        world.reset(np.arange(num_users), out)
        kept = [columns.observation.copy()]
        for _ in range(40):
            columns.results.fill(0)
            world.step(columns.slates, out)
            kept.append(columns.observation.copy())
            rows = np.flatnonzero(columns.terminated | columns.truncated)
            if rows.size:
                world._begin_episodes(rows)
                world.reset(rows, out)
        return np.array(kept)

    def test_single_and_vector_environments_play_the_same(self):
        import gymnasium as gym

        def make():
            return gym.make("CartPole-v1")

        vector = gym.vector.SyncVectorEnv([make] * 4, autoreset_mode=gym.vector.AutoresetMode.DISABLED)
        one_by_one = self.play(make(), make, 4, 10)
        np.testing.assert_array_equal(one_by_one, self.play(vector, None, 4, 10))
        np.testing.assert_array_equal(one_by_one[:, 3], self.play(make(), make, 1, 13)[:, 0])

    def test_a_vector_environment_that_resets_itself_is_refused(self):
        import gymnasium as gym

        vector = gym.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync")
        with self.assertRaisesRegex(ValueError, "want AutoresetMode.DISABLED"):
            GymWorld(vector, None, 2, None)


if __name__ == "__main__":
    unittest.main()
