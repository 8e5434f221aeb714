"""What a simulated sitting shows and when: one JSON file each. Pictures stay where they are.

A script names pictures by file and says how the camera shows them; the frames themselves are made
when the rules ask for them, so the sampling interval and the bursts are the real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from invigil.domain.incident import IncidentKind
from invigil.evaluate.tables import BadInput


@dataclass(frozen=True, slots=True)
class Cast:
    """A picture of one person. `face`: left, top, width, height in its upright pixels."""

    image: str
    face: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody in front of the camera, or on a poster.

    `x`, `y`: middle of the face in shares of the frame's width and height; `size`: width of the
    face in shares of the frame's height. `turn`: degrees about the upright axis, of the flat
    picture (a warp, not a head). `tilt`: degrees within the picture.
    """

    cast: Cast
    x: float
    y: float
    size: float
    turn: float = 0.0
    tilt: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What the camera shows for a while.

    `gain`: factor on all light. `side_light`: from -1 (all from the left) to 1. `blur`: standard
    deviation in pixels. `smear`: length of a sideways smear in pixels. `noise`: standard
    deviation, 0..255. `hand`: share of the face, from the chin up, behind a hand-like patch.
    """

    people: tuple[Seated, ...] = ()
    poster: Seated | None = None
    gain: float = 1.0
    side_light: float = 0.0
    blur: float = 0.6
    smear: int = 0
    noise: float = 3.0
    jpeg: int = 75
    hand: float = 0.0


@dataclass(frozen=True, slots=True)
class Act:
    """From `from_s` on the camera shows the scene of that name, until the next act."""

    from_s: float
    scene: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happens, and so what has to be reported, from `from_s` to `to_s`."""

    kind: IncidentKind
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Script:
    """One sitting. `postures` times `jitters` is how many variations of a scene there are.

    `images`: the folder of the pictures; a relative one counts from the script's own folder.
    """

    name: str
    seed: int
    images: str
    duration_s: float
    reference: Cast
    check_in: str
    scenes: dict[str, Scene]
    acts: tuple[Act, ...]
    truths: tuple[Truth, ...]
    sampling_s: float = 5.0
    postures: int = 8
    jitters: int = 2


_FORMAT = TypeAdapter(Script)


def write_script(script: Script, folder: Path) -> Path:
    path = folder / f"{script.name}.json"
    path.write_bytes(_FORMAT.dump_json(script, indent=1))
    return path


def read_scripts(folder: Path) -> list[Script]:
    """All of a folder, by name, with `images` made absolute."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder.")
    scripts = [_read(path) for path in sorted(folder.glob("*.json"))]
    if not scripts:
        raise BadInput(
            f"{folder} holds no session scripts (*.json). `invigil evaluate generate-sessions` "
            "writes some."
        )
    return scripts


def _read(path: Path) -> Script:
    try:
        script = _FORMAT.validate_json(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"{path} is no session script: {place}: {first['msg']}.") from error
    unknown = {act.scene for act in script.acts} | {script.check_in}
    unknown -= set(script.scenes)
    if unknown:
        raise BadInput(f"{path} names a scene that it does not describe: {min(unknown)}.")
    if not script.acts or script.acts[0].from_s > 0 or not _rising(script.acts):
        raise BadInput(f"{path}: acts must begin at 0 and be in order.")
    if script.duration_s <= 0 or script.sampling_s <= 0 or min(script.postures, script.jitters) < 1:
        raise BadInput(f"{path}: duration, sampling, postures and jitters must be above 0.")
    return replace(script, images=str((path.parent / script.images).resolve()))


def _rising(acts: Sequence[Act]) -> bool:
    return all(before.from_s < after.from_s for before, after in pairwise(acts))
