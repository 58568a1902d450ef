"""Clips: which frames are taken, what is left out and why, what stands upright, and which folders are of clips."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ganlift.data import ImageSet, Reading, check_survey, draw_split, load, survey
from ganlift.data import clips as clips_module
from ganlift.data.bundled_sets import fashion_mini
from ganlift.data.clips import read_clip, spread
from ganlift.data.decode_clips import decode_clips
from ganlift.data.types import VideoSet
from ganlift.errors import DataError

Write = Callable[[Path, Sequence[NDArray[np.uint8]]], None]


def film(codec: str, rate: int = 10, gop: int = 5, rotation: int = 0, between: int = 0) -> Write:
    """What writes frames (h, w, 3) as a film, with up to ``between`` frames that refer to later ones in a row."""

    def write(path: Path, frames: Sequence[NDArray[np.uint8]], stamps: Sequence[int] | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as file:
            stream = file.add_stream(codec, rate=rate)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt, stream.codec_context.gop_size = "yuv420p", gop
            stream.codec_context.max_b_frames = between
            if rotation:
                stream.set_display_rotation(rotation)
            for place, pixels in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts = place if stamps is None else stamps[place]
                file.mux(stream.encode(frame))
            file.mux(stream.encode())

    return write


def animation(path: Path, frames: Sequence[NDArray[np.uint8]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = map(Image.fromarray, frames)
    first.save(path, save_all=True, append_images=others, duration=100)


def files(path: Path, frames: Sequence[NDArray[np.uint8] | NDArray[np.uint16]]) -> None:
    path.mkdir(parents=True)
    for place, pixels in enumerate(frames):
        Image.fromarray(pixels).save(path / f"frame-{place}.png")  # 10 comes after 9, whatever the letters say


WRITERS: dict[str, Write] = {
    "a.mp4": film("libx264"),
    "a.mov": film("mpeg4"),
    "a.avi": film("mpeg4"),
    "a.mkv": film("libx264", gop=40),
    "a.webm": film("libvpx-vp9"),
    "a.gif": animation,
    "a.webp": animation,
    "frames": files,
}


def greys(count: int, side: int = 32) -> list[NDArray[np.uint8]]:
    """Frames of one grey each, 10 levels apart, from 10 on."""
    return [np.full((side, side, 3), 10 + 10 * place, np.uint8) for place in range(count)]


def pan(kind: int, place: int) -> list[NDArray[np.uint8]]:
    """A picture of fashion-mini that wanders over the frame."""
    images = fashion_mini()
    own = np.flatnonzero(images.labels == kind)[place]
    frames = []
    for step in range(6):
        frame = np.zeros((40, 40, 3), np.uint8)
        frame[step : step + 28, 2 * step : 2 * step + 28] = images.pixels[own]
        frames.append(frame)
    return frames


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Two classes of six films each."""
    for kind in (0, 1):
        for place in range(6):
            film("mpeg4")(tmp_path / "clips" / "ab"[kind] / f"{place}.mp4", pan(kind, place))
    return tmp_path / "clips"


def test_frames_lie_in_the_middles_of_equal_stretches() -> None:
    """By hand: of 10 frames of 1 s each, 5 stretches of 2 s have their middles at 1, 3, 5, 7 and 9 s."""
    assert spread(range(10), 10, 5) == [1, 3, 5, 7, 9]
    assert spread([0, 8, 9], 10, 5) == [0, 0, 0, 0, 2]  # the first is shown for 8 s
    assert spread([0, 1], 2, 4) == [0, 0, 1, 1]
    assert spread([3], 4, 3) == [0, 0, 0]


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_clip_gives_the_same_frames(tmp_path: Path, name: str) -> None:
    """20 frames, 5 of them: those at 2, 6, 10, 14 and 18, of greys 30, 70, 110, 150 and 190."""
    WRITERS[name](tmp_path / name, greys(20))
    found, facts = read_clip(tmp_path / name, Reading(frames=5), 32)
    assert found is not None, facts
    assert found.shape == (5, 32, 32, 3)
    assert found.mean((1, 2, 3)) == pytest.approx([30, 70, 110, 150, 190], abs=3)
    assert facts.frames == 20
    assert facts.seconds == pytest.approx(0 if name == "frames" else 2.0, abs=0.01)


def test_time_stamps_count_and_not_the_number_of_frames(tmp_path: Path) -> None:
    """Ten frames in the first second, then one that stays for the other nine."""
    write = film("libx264")
    write(tmp_path / "a.mkv", greys(12), [*range(10), 10, 100])  # type: ignore[call-arg]
    found, _ = read_clip(tmp_path / "a.mkv", Reading(frames=4), 32)
    assert found is not None
    assert found.mean((1, 2, 3)) == pytest.approx([110, 110, 110, 110], abs=3)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mts", "libx264"), ("a.avi", "mpeg4"), ("a.mpg", "mpeg1video"), ("a.mp4", "libx264")]
)
def test_frames_that_lie_out_of_order_are_told_apart(tmp_path: Path, name: str, codec: str) -> None:
    """Frames that refer to later ones, key frames far apart, formats that seek past them or give few time stamps.

    By hand: of 80 frames 2 levels apart from 40 on, 4 lie at 10, 30, 50 and 70: greys 60, 100, 140 and 180.
    """
    frames = [np.full((32, 32, 3), 40 + 2 * place, np.uint8) for place in range(80)]
    film(codec, rate=25, gop=30, between=2)(tmp_path / name, frames)
    found, facts = read_clip(tmp_path / name, Reading(frames=4), 32)
    assert found is not None, facts
    assert found.mean((1, 2, 3)) == pytest.approx([60, 100, 140, 180], abs=3.9)


@pytest.mark.parametrize("name", ["12:30.mp4", "concat:a.mp4", "%03d.mp4"])
def test_a_files_name_is_a_name_and_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    film("mpeg4")(tmp_path / name, greys(4))
    film("mpeg4")(tmp_path / "a.mp4", greys(12)[6:])
    monkeypatch.chdir(tmp_path)
    found, facts = read_clip(Path(name), Reading(frames=1), 32)
    assert found is not None, facts
    assert found.mean() == pytest.approx(30, abs=3)


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile good.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ngood.mp4\n#EXT-X-ENDLIST\n",
    ],
)
def test_a_list_of_other_files_is_no_clip(tmp_path: Path, text: str) -> None:
    film("mpeg4")(tmp_path / "good.mp4", greys(4))
    (tmp_path / "list.mp4").write_text(text)
    found, facts = read_clip(tmp_path / "list.mp4", Reading(frames=1), 32)
    assert (found, facts.fault) == (None, "not-a-clip")


def test_a_turned_film_is_set_upright_unless_asked_not_to(tmp_path: Path) -> None:
    """Bright on the left as stored; turned a quarter clockwise to stand upright, bright above."""
    frame = np.zeros((32, 64, 3), np.uint8)
    frame[:, :16] = 240
    film("mpeg4", rotation=-90)(tmp_path / "a.mp4", [frame] * 3)
    upright, facts = read_clip(tmp_path / "a.mp4", Reading(frames=1, fit="stretch"), 32)
    stored, _ = read_clip(tmp_path / "a.mp4", Reading(frames=1, fit="stretch", orientation="stored"), 32)
    assert upright is not None
    assert stored is not None
    assert facts.turned
    assert (upright[0, 2].mean(), upright[0, -2].mean()) == pytest.approx((240, 0), abs=20)
    assert (stored[0, :, 2].mean(), stored[0, :, -2].mean()) == pytest.approx((240, 0), abs=20)


def test_bad_clips_are_left_out_by_name(clips: Path) -> None:
    good = (clips / "a/0.mp4").read_bytes()
    (clips / "a/empty.mp4").write_bytes(b"")
    (clips / "a/text.mp4").write_text("no film at all\n" * 50)
    (clips / "a/half.mp4").write_bytes(good[: len(good) // 2])
    (clips / "b/frames").mkdir()
    (clips / "b/frames/1.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with av.open(str(clips / "b/sound.mp4"), "w") as file:
        stream = file.add_stream("aac", rate=16000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        sound.rate = 16000
        file.mux(stream.encode(sound))
        file.mux(stream.encode())
    found = load(str(clips), Reading(image_size=28))
    assert {str(one.path): one.fault for one in found.files if one.fault} == {
        "a/empty.mp4": "empty-file",
        "a/half.mp4": "not-a-clip",
        "a/text.mp4": "not-a-clip",
        "b/frames": "not-an-image",
        "b/sound.mp4": "no-picture",
    }
    assert len(found) == 12
    assert any("b/sound.mp4" in note for note in found.notes)


def test_a_folder_of_class_folders_of_clips_is_a_video_set(clips: Path) -> None:
    found = load(str(clips))
    assert isinstance(found, VideoSet)
    assert found.pixels.shape == (12, 8, 32, 32, 1)  # 40 px, all grey
    assert found.batch(np.array([3])).shape == (1, 8, 1, 32, 32)
    assert found.stills.pixels.shape == (12, 32, 32, 1)
    assert (found.class_names, found.noun) == (("a", "b"), "clip")
    taken = {guess.about: guess.taken for guess in found.guesses}
    assert "12 film(s)" in taken["examples"]
    assert taken["frames"].startswith("8 a clip")


def test_numbered_frames_in_folders_are_clips_and_the_user_may_say_otherwise(tmp_path: Path) -> None:
    for kind in (0, 1):
        for place in range(4):
            files(tmp_path / "set" / "ab"[kind] / f"clip{place}", pan(kind, place))
    assert len(load(str(tmp_path / "set"))) == 8
    images = load(f"images:{tmp_path / 'set'}")
    assert type(images) is ImageSet
    assert len(images) == 48


def test_frames_of_16_bits_have_one_scale_in_all_clips(tmp_path: Path) -> None:
    for kind in (0, 1):
        for place in range(4):
            frames = [frame[..., 0] for frame in pan(kind, place)]
            files(tmp_path / "shallow" / "ab"[kind] / f"clip{place}", frames)
            files(tmp_path / "deep" / "ab"[kind] / f"clip{place}", [frame.astype(np.uint16) * 257 for frame in frames])
    shallow, deep = load(str(tmp_path / "shallow")), load(str(tmp_path / "deep"))
    assert isinstance(deep, VideoSet)
    assert deep.scale is not None
    assert (deep.scale.low, deep.scale.high) == (0.0, 65535.0)
    assert np.array_equal(np.asarray(deep.pixels), np.asarray(shallow.pixels))


def test_a_few_animations_among_still_images_stay_left_out(clips: Path) -> None:
    images = fashion_mini()
    for kind in (0, 1):
        for place in range(4):
            folder = clips.parent / "stills" / "ab"[kind]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images.pixels[np.flatnonzero(images.labels == kind)[place], ..., 0]).save(
                folder / f"{place}.png"
            )
        animation(folder / "moving.gif", pan(kind, 9))
    found = load(str(clips.parent / "stills"))
    assert type(found) is ImageSet
    assert len(found) == 8
    asked = load(f"video:{clips.parent / 'stills'}")
    assert isinstance(asked, VideoSet)
    assert len(asked) == 2


def test_frames_are_asked_of_clips_alone(clips: Path) -> None:
    assert load(str(clips), Reading(frames=3)).pixels.shape[1] == 3
    with pytest.raises(DataError, match="asks for frames of clips"):
        load("fashion-mini", Reading(frames=3))


def test_check_tells_of_copies_lengths_and_clips_of_one_frame(clips: Path) -> None:
    """12 clips of 6 frames at 10 a second; one of them once more in another coding, one anew for a second class."""
    film("libx264", rate=20)(clips / "a" / "again.mkv", pan(0, 3))
    (clips / "b" / "same.mp4").write_bytes((clips / "b" / "2.mp4").read_bytes())
    animation(clips / "b" / "still.gif", pan(1, 20)[:1])
    told = check_survey(survey(str(clips)))
    codes = {finding.code: finding for finding in told.findings}
    assert codes["one-frame"].examples == ("b/still.gif",)
    assert codes["duplicates"].examples == ("b/2.mp4 = b/same.mp4",)
    assert "a/again.mkv" in str(codes["near-duplicates-unsplit"].to_json())
    assert told.facts["files"]["frames"] == [1, 6.0, 6]
    assert told.facts["files"]["seconds"] == [0.1, 0.6, 0.6]
    assert told.facts["files"]["frame_rate"] == [10.0, 10.0, 20.0]


def test_a_manifest_names_clips_and_what_they_were_cut_from(clips: Path) -> None:
    files(clips / "c", pan(1, 30))
    lines = ["path,label,group", "c,b,film 9"]
    lines += [f"{kind}/{place}.mp4,{kind},film {place // 2}" for kind in "ab" for place in range(6)]
    (clips / "list.csv").write_text("\n".join(lines))
    found = load(str(clips / "list.csv"))
    assert isinstance(found, VideoSet)
    assert len(found) == 13
    assert found.groups is not None
    split = draw_split(found, 0, test_fraction=0.3)
    held_out = {str(name) for name in found.groups[split.test]}
    assert held_out
    assert not held_out & {str(name) for name in found.groups[np.concatenate([split.labelled, split.validation])]}


class Counting:
    """An open film that counts the frames that it decodes."""

    def __init__(self, container: Any) -> None:
        self._container, self.decoded = container, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def decode(self, stream: Any) -> Iterator[Any]:
        for frame in self._container.decode(stream):
            self.decoded += 1
            yield frame


def test_what_lies_between_two_frames_is_skipped_at_key_frames(tmp_path: Path) -> None:
    """Of 100 frames with a key frame in ten, those at 27 and 75 take less than ten frames each."""
    film("mpeg4", gop=10)(tmp_path / "a.mp4", [np.full((32, 32, 3), 40 + n, np.uint8) for n in range(100)])
    with av.open(str(tmp_path / "a.mp4")) as file:
        counted = Counting(file)
        track = clips_module._film(tmp_path / "a.mp4", counted, upright=True)
        shown = [np.asarray(picture).mean() for picture, _ in track.pictures([27, 75])]
    assert shown == pytest.approx([40 + 27, 40 + 75], abs=3)
    assert counted.decoded <= 20  # and not the 76 up to the second one


def test_clips_without_labels_stand_beside_labelled_ones(clips: Path) -> None:
    film("mpeg4")(clips.parent / "more" / "x.mp4", pan(1, 12))
    found = load(str(clips), unlabelled=str(clips.parent / "more"))
    assert isinstance(found, VideoSet)
    assert (len(found), found.parts[-1], found.labels[-1]) == (13, "unlabelled", -1)


def test_frames_are_held_once_while_clips_are_read(tmp_path: Path) -> None:
    """At most the array, the clips that wait (16, and as many that are made) and what a few decoders work on."""
    frames = [Image.fromarray(np.full((8, 8, 3), (40 * place, 0, 90), np.uint8)) for place in range(3)]
    frames[0].save(tmp_path / "0.gif", save_all=True, append_images=frames[1:], duration=100)
    paths = [tmp_path / f"{number}.gif" for number in range(160)]
    for path in paths[1:]:
        path.write_bytes(paths[0].read_bytes())
    tracemalloc.start()
    pixels = decode_clips(paths, Reading(image_size=64)).pixels
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pixels.nbytes == 160 * 8 * 64 * 64 * 3
    assert most < 1.5 * pixels.nbytes
