"""A world in which nothing happens, for `recbots bench external`: what remains is the way there and back."""
import recbots


class EchoWorld(recbots.Environment):
    spec = recbots.Spec(name="echo_world", user_features=100, candidates=10, slate_size=1)

    def reset(self, rows, out):
        out.observation[rows] = 0

    def step(self, slates, out):
        out.reward[:] = 1


if __name__ == "__main__":
    recbots.serve(EchoWorld)
