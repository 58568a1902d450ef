"""Views of an image: the same whatever stands beside it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganlift.errors import ConfigError
from ganlift.features import Recipe, views_for
from ganlift.features.views import draws

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 3, 12, 12), dtype=np.uint8)
KEYS = ["aa", "bb", "cc"]


def test_a_view_depends_on_its_image_and_number_alone() -> None:
    whole = Recipe(4).make(PIXELS, KEYS)
    assert (whole.shape, whole.dtype) == ((3, 4, 3, 12, 12), np.uint8)
    back = Recipe(4).make(PIXELS[::-1], KEYS[::-1])[::-1]
    alone = Recipe(4).make(PIXELS[1:2], ["bb"])
    more = Recipe(6).make(PIXELS, KEYS)
    assert np.array_equal(whole, back)
    assert np.array_equal(whole[1:2], alone)
    assert np.array_equal(whole, more[:, :4])


def test_random_views_differ_by_number_and_by_image() -> None:
    same = np.repeat(PIXELS[:1], 2, axis=0)
    views = Recipe(4).make(same, ["aa", "bb"])
    assert len({view.tobytes() for view in views[:, 1:].reshape(-1, *views.shape[2:])}) == 6


def test_what_is_drawn_stays_what_it_was() -> None:
    assert torch.randint(0, 1000, (3,), generator=draws("aa", 3)).tolist() == [488, 75, 956]


def test_mirror_images_are_made_only_where_they_keep_the_class() -> None:
    mirrored, alone = Recipe(3, flips=True).make(PIXELS, KEYS), Recipe(3).make(PIXELS, KEYS)
    assert np.array_equal(mirrored[:, 0], PIXELS)
    assert np.array_equal(mirrored[:, 1], PIXELS[..., ::-1])
    assert np.array_equal(alone[:, 0], PIXELS)
    assert not np.array_equal(alone[:, 1], PIXELS[..., ::-1])


def test_of_two_views_one_is_random() -> None:
    pair = Recipe(2, flips=True)
    assert pair.plain == 1
    assert not np.array_equal(pair.make(PIXELS, KEYS)[:, 1], PIXELS[..., ::-1])


def test_fewer_views_are_made_of_many_images() -> None:
    assert [views_for(images) for images in (0, 40, 3000, 3001, 4000, 5000, 6000, 50_000)] == [4, 4, 4, 3, 3, 2, 2, 2]


def test_names_tell_recipes_apart_and_no_more() -> None:
    recipes = [
        Recipe(1),
        Recipe(2),
        Recipe(3),
        Recipe(2, True),
        Recipe(3, True),
        Recipe(3, least=0.6),
        Recipe(3, strength=0.4),
    ]
    assert len({recipe.name for recipe in recipes}) == len(recipes)
    assert Recipe(1).name == Recipe(1, flips=True).name == "plain"  # the one image either way
    assert Recipe(8, True).name == "plain-mirror-6x-crop0.5-randaugment2x0.3-flips-v1"


def test_a_recipe_that_can_not_be_followed_is_refused() -> None:
    for wrong in ({"views": 0}, {"least": 0.0}, {"strength": 1.5}, {"operations": -1}):
        with pytest.raises(ConfigError, match="can't be followed: views are 1 or more"):
            Recipe(**wrong)  # type: ignore[arg-type]


def test_all_frames_of_a_clip_are_changed_alike() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (3, 32, 32), np.uint8)
    recipe = Recipe(views=4)
    first, second, other = recipe.make(np.stack([frame] * 3), ["aa+0", "aa+1", "bb+0"])
    assert np.array_equal(first, second)
    assert not np.array_equal(first[1:], other[1:])
