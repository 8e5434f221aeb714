"""How alike posted and live pictures are, of one camera and of different ones: what the limits of
`rules/frames_do_not_match_video.py` are set by.

    python scripts/same_scene.py FOLDER_OF_PORTRAITS [ROOMS]

One camera: two frames of the generator of `invigil evaluate`, of the same person in the same room
in two postures, the second as video (mirrored or not, small, 16:9 or 4:3, compressed hard).
Different ones: pairs of portraits of different people, whose faces are all at the same place, which
is harder than life; and frames beside portraits.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from invigil.evaluate.identity import stem
from invigil.evaluate.render import Renderer
from invigil.evaluate.script import Act, Cast, Scene, Script, Seated
from invigil.rules.frames_do_not_match_video import DIFFERS_BELOW, MATCHES_FROM
from invigil.vision.same_scene import similarity

SEED = 7
POSTURES = (1, 2, 3)
FACE = (75.0, 75.0, 100.0, 100.0)  # in the portraits of LFW, 250x250
PAIRS_A_ROOM = 20


def scenes(me: Seated, dice: random.Random) -> dict[str, Scene]:
    plain = Scene(
        people=(me,),
        gain=dice.uniform(0.75, 1.1),
        side_light=dice.uniform(-0.3, 0.3),
        blur=dice.uniform(0.4, 1.1),
        noise=dice.uniform(2, 5),
        jpeg=dice.randint(60, 85),
    )
    turned = replace(me, turn=dice.choice((-1, 1)) * dice.uniform(15, 40))
    return {
        "sits": plain,
        "turned away": replace(plain, people=(turned,)),
        "hand before the face": replace(plain, hand=dice.uniform(0.25, 0.6)),
        "dim light": replace(plain, gain=dice.uniform(0.2, 0.45), noise=8),
        "dark room": replace(plain, gain=dice.uniform(0.02, 0.08), noise=5),
        "smeared by motion": replace(plain, smear=dice.randint(7, 25)),
        "has just left": replace(plain, people=()),
    }


def as_video(jpeg: bytes, dice: random.Random) -> bytes:
    """What an encoder for a live call makes of a frame."""
    pixels = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))
    if dice.random() < 1 / 2:
        pixels = pixels[:, ::-1]
    if dice.random() < 1 / 2:
        pixels = pixels[60:-60]
    size = (320, 320 * pixels.shape[0] // pixels.shape[1])
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 35])[1].tobytes()


def row(name: str, found: Sequence[float | None]) -> str:
    told = [each for each in found if each is not None]
    if not told:
        return f"| {name} | {len(found)} | {len(found)} | | | |"
    low, middle, high = np.percentile(told, [1, 50, 99])
    differ = sum(each < DIFFERS_BELOW for each in told)
    match = sum(each >= MATCHES_FROM for each in told)
    return (
        f"| {name} | {len(found)} | {len(found) - len(told)} | {low:.2f} / {middle:.2f} / "
        f"{high:.2f} | {100 * differ / len(told):.1f} % | {100 * match / len(told):.1f} % |"
    )


def main(folder: Path, rooms: int = 30) -> None:
    dice = random.Random(SEED)  # noqa: S311 - scenery, not secrets
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))
    found: dict[str, list[float | None]] = defaultdict(list)
    for number in range(rooms):
        name = dice.choice(names)
        place = dice.uniform(0.42, 0.58), dice.uniform(0.4, 0.5), dice.uniform(0.2, 0.36)
        cast = Cast(name, FACE)
        acts = (Act(0, "sits"),)
        play = scenes(Seated(cast, *place), dice)
        script = Script("", number, str(folder), 1, cast, "sits", play, acts, ())
        renderer = Renderer(script)
        for scene in play:
            now = "sits" if scene == "has just left" else scene
            posted = renderer.frame(now, 0, 0)
            for posture in POSTURES:
                shown = as_video(renderer.frame(scene, posture, 1), dice)
                found[scene].append(similarity(posted, shown))
        photo = (folder / dice.choice(names)).read_bytes()
        found["another picture: frame, portrait"].append(similarity(posted, photo))
        for _ in range(PAIRS_A_ROOM):
            one, other = dice.sample(names, 2)
            if stem(one) != stem(other):
                pair = [(folder / each).read_bytes() for each in (one, other)]
                found["another picture: two portraits"].append(similarity(*pair))
    print("| live picture | pairs | says nothing | 1 / 50 / 99 % | clearly differ | match |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, each in found.items():
        print(row(name, each))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *[int(each) for each in sys.argv[2:3]])
