"""A world of one's own: users who like one of three topics, and who tire of what they do not like.

Trained by `recbots cluster deploy/python/examples/my_world.textproto`; docs/python-environments.md explains it.
"""
import numpy as np
import recbots

TOPICS = 3


class MyWorld(recbots.Environment):
    spec = recbots.Spec(
        name="my_world",
        user_features=TOPICS,
        candidates=6,
        candidate_features=TOPICS + 1,
        slate_size=1,
        response=["click"],
        max_reward=1,
        max_episode_steps=20,
    )

    def start(self):
        self.likes = np.zeros(self.num_users, np.int64)
        self.everyone = np.arange(self.num_users)

    def reset(self, rows, out):
        self.likes[rows] = self.integers(rows, 1, TOPICS)[:, 0]
        self.observe(rows, out.observation)
        self.offer(rows, out.candidates)

    def observe(self, rows, observation):
        observation[rows] = 0.2 * self.normal(rows, TOPICS)
        observation[rows, self.likes[rows]] += 1

    def offer(self, rows, candidates):
        topics = self.integers(rows, 6, TOPICS)
        candidates[rows] = 0
        candidates[rows[:, None], np.arange(6), topics] = 1
        candidates[rows, :, TOPICS] = self.uniform(rows, 6)

    def step(self, slates, out):
        rows = self.everyone
        shown = out.candidates[rows, slates[:, 0]]
        liked = shown[rows, self.likes] == 1
        chance = shown[:, TOPICS] * np.where(liked, 0.9, 0.1)
        luck = self.uniform(rows, 2)
        clicked = luck[:, 0] < chance
        out.response[:, 0, 0] = clicked
        out.reward = clicked
        out.terminated = ~liked & (luck[:, 1] < 0.1)
        self.observe(rows, out.next_observation)
        self.offer(rows, out.next_candidates)


if __name__ == "__main__":
    recbots.serve(MyWorld)
