"""Who learns when gesture models are retrained, one for each family; TensorFlow is loaded when the first one begins."""

from trainer.cycle import Tell
from trainer.gestures.candidates import Learned, Learner, Lesson


def points(lesson: Lesson, tell: Tell) -> Learned | None:
    """The classifier of points."""
    from trainer.gestures import learn_points

    return learn_points.learn(lesson, tell)


def pixels(lesson: Lesson, tell: Tell) -> Learned | None:
    """The classifier of whole images."""
    from trainer.gestures import learn_pixels

    return learn_pixels.learn(lesson, tell)


LEARNERS: tuple[Learner, ...] = (points, pixels)
