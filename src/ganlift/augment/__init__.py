"""Augmentation of whole batches on their device, every draw from an explicit `torch.Generator`.

Images are floats in [-1, 1], (n, c, h, w), c being 1 or 3; each function returns new images of the same
shape, dtype and range, and leaves its input alone. The generator lives on the images' device.
"""

from ganlift.augment.basic import affine, brightness, contrast, crop, cutout, flip, jitter, resized_crop, rotate90
from ganlift.augment.diffaugment import diffaugment
from ganlift.augment.mixes import cutmix, image_mixes, mix_of_two, mixup
from ganlift.augment.policies import pair_view, rand_augment, strong, trivial_augment, weak
from ganlift.augment.sound import (
    adaptive_sound,
    masks,
    noise,
    response,
    sound_aid,
    strong_sound,
    tilt,
    time_shift,
    weak_sound,
)

__all__ = [
    "adaptive_sound",
    "affine",
    "brightness",
    "contrast",
    "crop",
    "cutmix",
    "cutout",
    "diffaugment",
    "flip",
    "image_mixes",
    "jitter",
    "masks",
    "mix_of_two",
    "mixup",
    "noise",
    "pair_view",
    "rand_augment",
    "resized_crop",
    "response",
    "rotate90",
    "sound_aid",
    "strong",
    "strong_sound",
    "tilt",
    "time_shift",
    "trivial_augment",
    "weak",
    "weak_sound",
]
