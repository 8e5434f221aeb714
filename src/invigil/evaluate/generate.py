"""Scripts of sittings from a folder of portraits: who sits, what happens, when."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from invigil.domain.errors import ImageRefused
from invigil.domain.incident import IncidentKind
from invigil.evaluate.identity import stem
from invigil.evaluate.render import HEIGHT, WIDTH
from invigil.evaluate.script import Act, Cast, Scene, Script, Seated, Truth
from invigil.evaluate.tables import BadInput, read_image
from invigil.vision.port import VisionEngine

_KINDS = {".jpg", ".jpeg", ".png", ".webp"}
_HOUR_S = 3600.0
# Between two happenings: long enough for every incident to have ended.
_REST_S = 45.0
_EDGE_S = 30.0
_LEAST_PEOPLE = 2
_CHECK_IN_PICTURES = 2  # the reference photo and the one that sits there


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that interrupts the sitting. `expects`: what has to be reported, if anything."""

    name: str
    least_s: float
    most_s: float
    expects: IncidentKind | None = None


HAPPENINGS: tuple[Happening, ...] = (
    Happening("swap", 60, 120, IncidentKind.DIFFERENT_PERSON),
    Happening("swap", 60, 120, IncidentKind.DIFFERENT_PERSON),
    Happening("second person", 30, 60, IncidentKind.MULTIPLE_FACES),
    Happening("leaves", 20, 60, IncidentKind.NO_FACE),
    Happening("leans out", 2, 4),
    Happening("leans out", 2, 4),
    Happening("turned", 10, 30),
    Happening("turned", 10, 30),
    Happening("hand before the face", 5, 20),
    Happening("hand before the face", 5, 20),
    Happening("dim light", 60, 180),
    Happening("dark room", 30, 90),
    Happening("side light", 60, 180),
    Happening("out of focus", 10, 30),
    Happening("moves", 3, 10),
    Happening("far away", 30, 90),
    Happening("poster", 60, 120),
)


class Portraits:
    """The pictures of a folder by person, each looked at by the engine at most once.

    A picture with a bystander would make the truth wrong, so only those with one face are used.
    Whether it can be compared, or matches, plays no part but for check-in, which demands it.
    """

    def __init__(self, folder: Path, engine: VisionEngine) -> None:
        if not folder.is_dir():
            raise BadInput(f"{folder} is not a folder.")
        self._folder = folder
        self._engine = engine
        self._known: dict[str, tuple[Cast, bool] | None] = {}
        self.people: dict[str, list[str]] = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in _KINDS:
                name = str(path.relative_to(folder))
                self.people.setdefault(stem(name), []).append(name)
        if len(self.people) < _LEAST_PEOPLE:
            raise BadInput(
                f"{folder} needs pictures of two people or more, named like Name_0001.jpg."
            )

    def cast(self, names: Sequence[str], *, usable: bool = False) -> list[Cast]:
        """Those of `names` that show one face and, if asked for, pass the gate as they are."""
        looked = (self._look(name) for name in names)
        return [found[0] for found in looked if found and (found[1] or not usable)]

    def _look(self, name: str) -> tuple[Cast, bool] | None:
        if name not in self._known:
            try:
                seen = self._engine.observe(read_image(self._folder, name))
            except ImageRefused as error:
                path = self._folder / name
                raise BadInput(f"The picture {path} cannot be used: {error.message}") from error
            self._known[name] = None
            if seen.face_count == 1:
                box = seen.faces[0].box
                face = (box.left, box.top, box.width, box.height)
                self._known[name] = (Cast(name, face), seen.unusable is None)
        return self._known[name]


def generate(
    folder: Path,
    out: Path,
    engine: VisionEngine,
    *,
    hours: int,
    seed: int,
    looks: int = 1,
    sampling_s: float = 5.0,
    second_visible: float = 1.0,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Script]:
    """One sitting of an hour for each of `hours`, with different people as long as there are any.

    `looks`: pictures of the candidate that one sitting changes between. With 1 the candidate is
    one picture varied by camera, light and posture: milder than life. With more, pictures of
    other days take turns: harsher than life.

    `second_visible`: how much of the second person's face is in the picture; of the rest its edge
    cuts off. All else stays the same with the same seed.
    """
    portraits = Portraits(folder, engine)
    chance = random.Random(seed)  # noqa: S311 - scenery, not secrets
    able = _fit_to_sit(portraits, looks, chance)
    images = os.path.relpath(folder.resolve(), out.resolve())
    scripts: list[Script] = []
    tried = 0
    while len(scripts) < hours:
        if not able or (tried >= len(able) and not scripts):
            raise BadInput(
                f"{folder} has nobody with {looks + 1} pictures that can be used. Name them like "
                "Name_0001.jpg, Name_0002.jpg."
            )
        person = able[tried % len(able)]
        tried += 1
        own = _own_pictures(portraits, person, looks, chance)
        if own is None:
            continue
        sitting = _Sitting(
            portraits,
            person,
            own,
            random.Random(chance.random()),  # noqa: S311
            second_visible=second_visible,
        )
        name = f"sitting-{len(scripts) + 1:04d}"
        script = sitting.script(name, seed * 100_003 + len(scripts), images)
        scripts.append(replace(script, sampling_s=sampling_s))
        progress(name)
    return scripts


def _fit_to_sit(portraits: Portraits, looks: int, chance: random.Random) -> list[str]:
    """People with enough pictures, in random order."""
    able = sorted(name for name, files in portraits.people.items() if len(files) > looks)
    chance.shuffle(able)
    return able


def _own_pictures(
    portraits: Portraits, person: str, looks: int, chance: random.Random
) -> list[Cast] | None:
    """The reference photo, the picture of check-in, then further looks."""
    files = list(portraits.people[person])
    chance.shuffle(files)
    usable = portraits.cast(files, usable=True)
    others = [cast for cast in portraits.cast(files) if cast not in usable[:_CHECK_IN_PICTURES]]
    if len(usable) < _CHECK_IN_PICTURES or len(others) < looks - 1:
        return None
    return usable[:_CHECK_IN_PICTURES] + others[: looks - 1]


class _Sitting:
    def __init__(
        self,
        portraits: Portraits,
        person: str,
        own: Sequence[Cast],
        chance: random.Random,
        *,
        second_visible: float = 1.0,
    ) -> None:
        self._second_visible = second_visible
        self._portraits = portraits
        self._chance = chance
        self._person = person
        self._reference, *self._looks = own
        uniform = chance.uniform
        # The same camera, place and light for whoever sits there.
        self._plain = Scene(
            gain=uniform(0.75, 1.1),
            side_light=uniform(-0.3, 0.3),
            blur=uniform(0.4, 1.1),
            noise=uniform(2, 5),
            jpeg=chance.randint(60, 85),
        )
        self._place = (uniform(0.42, 0.58), uniform(0.4, 0.5), uniform(0.2, 0.36))

    def script(self, name: str, seed: int, images: str) -> Script:
        scenes = {
            f"sits {number}": replace(self._plain, people=(self._seated(look),))
            for number, look in enumerate(self._looks, start=1)
        }
        acts = [Act(0.0, "sits 1")]
        truths: list[Truth] = []
        for number, (happening, from_s, to_s) in enumerate(self._times(), start=1):
            scene = f"{happening.name} {number}"
            own = self._looks[int(acts[-1].scene.rsplit(" ", 1)[1]) - 1]
            scenes[scene] = self._scene(happening, own)
            look = 1 + number % len(self._looks)
            acts += [Act(from_s, scene), Act(to_s, f"sits {look}")]
            if happening.expects is not None:
                truths.append(Truth(happening.expects, from_s, to_s))
        return Script(
            name=name,
            seed=seed,
            images=images,
            duration_s=_HOUR_S,
            reference=self._reference,
            check_in="sits 1",
            scenes=scenes,
            acts=tuple(acts),
            truths=tuple(truths),
        )

    def _times(self) -> list[tuple[Happening, float, float]]:
        """All happenings in random order, at random times that do not touch."""
        chance = self._chance
        order = list(HAPPENINGS)
        chance.shuffle(order)
        lengths = [chance.uniform(each.least_s, each.most_s) for each in order]
        spare = _HOUR_S - 2 * _EDGE_S - sum(lengths) - _REST_S * len(order)
        cuts = sorted(chance.uniform(0, spare) for _ in order)
        times, used = [], _EDGE_S
        for happening, length, cut in zip(order, lengths, cuts, strict=True):
            begin = used + cut
            times.append((happening, begin, begin + length))
            used += length + _REST_S
        return times

    def _seated(self, cast: Cast) -> Seated:
        x, y, size = self._place
        return Seated(cast, x, y, size)

    def _somebody_else(self) -> Cast:
        names = sorted(set(self._portraits.people) - {self._person})
        while names:
            name = names.pop(self._chance.randrange(len(names)))
            found = self._portraits.cast(self._portraits.people[name][:1])
            if found:
                return found[0]
        raise BadInput("There is no picture of anybody else with one face on it.")

    def _scene(self, happening: Happening, own: Cast) -> Scene:
        chance, plain, me = self._chance, self._plain, self._seated(own)
        sign = chance.choice((-1, 1))
        alone = replace(plain, people=(me,))
        makers: dict[str, Callable[[], Scene]] = {
            "swap": lambda: replace(plain, people=(self._seated(self._somebody_else()),)),
            "second person": lambda: replace(plain, people=self._side_by_side(own)),
            "leaves": lambda: plain,
            "leans out": lambda: plain,
            "turned": lambda: replace(
                plain, people=(replace(me, turn=sign * chance.uniform(15, 40)),)
            ),
            "hand before the face": lambda: replace(alone, hand=chance.uniform(0.25, 0.6)),
            "dim light": lambda: replace(alone, gain=chance.uniform(0.2, 0.45), noise=8),
            "dark room": lambda: replace(alone, gain=chance.uniform(0.02, 0.08), noise=5),
            "side light": lambda: replace(alone, side_light=sign * chance.uniform(0.7, 1.2)),
            "out of focus": lambda: replace(alone, blur=chance.uniform(2, 5)),
            "moves": lambda: replace(alone, smear=chance.randint(7, 25)),
            "far away": lambda: replace(
                plain, people=(replace(me, size=chance.uniform(0.07, 0.13), y=0.5),)
            ),
            "poster": lambda: replace(alone, poster=self._poster()),
        }
        return makers[happening.name]()

    def _side_by_side(self, own: Cast) -> tuple[Seated, ...]:
        size = min(self._place[2], 0.26)
        other = Seated(
            self._somebody_else(), 0.76, self._place[1], size * self._chance.uniform(0.8, 1.0)
        )
        if self._second_visible < 1:
            face = other.size * HEIGHT / WIDTH
            other = replace(other, x=1 - (self._second_visible - 0.5) * face)
        return other, Seated(own, 0.32, self._place[1], size)

    def _poster(self) -> Seated:
        size = self._chance.uniform(0.08, 0.16)
        return Seated(self._somebody_else(), x=self._chance.choice((0.12, 0.88)), y=0.2, size=size)
