"""What candidates read. Each text says what happened and what to do."""

from __future__ import annotations

from invigil.domain.changes import WarningCode
from invigil.domain.observation import Unusable

WARNINGS: dict[WarningCode, tuple[str, str]] = {
    WarningCode.MULTIPLE_FACES: (
        "Another face is visible.",
        (
            "Please make sure that you are alone in the picture. A poster or screen behind you can "
            "look like a person: turn the camera a little."
        ),
    ),
    WarningCode.DIFFERENT_PERSON: (
        "We cannot recognise you right now.",
        "Please look into the camera for a moment, with light from the front.",
    ),
    WarningCode.NO_FACE: (
        "Your face is not visible.",
        "Please sit so that the camera shows your face.",
    ),
    WarningCode.TOO_DARK: (
        "The picture is very dark.",
        "If you can, switch on a light in front of you. Nothing is held against you.",
    ),
    WarningCode.TOO_BRIGHT: (
        "The picture is very bright.",
        "If you can, turn away from the window or lower the light.",
    ),
    WarningCode.FACE_TOO_SMALL: (
        "You are far from the camera.",
        "Please come a little closer.",
    ),
    WarningCode.BLURRED: (
        "The picture is blurred.",
        "Please wipe the camera or hold it still.",
    ),
    WarningCode.FACE_CUT_OFF: (
        "Your face is partly outside the picture.",
        "Please move, or turn the camera, until it shows your whole face.",
    ),
}

REFERENCE_REFUSALS: dict[Unusable, tuple[str, str]] = {
    Unusable.NO_FACE: (
        "We could not find a face in this picture.",
        "Look straight into the camera with light from the front, and take it again.",
    ),
    Unusable.SEVERAL_FACES: (
        "There are several faces in this picture.",
        "Take one with you alone. Mind posters and screens behind you.",
    ),
    Unusable.FACE_TOO_SMALL: (
        "Your face is too small in this picture.",
        "Come closer, or choose a picture that shows your face larger.",
    ),
    Unusable.TOO_DARK: (
        "This picture is too dark.",
        "Switch on a light in front of you and take it again.",
    ),
    Unusable.TOO_BRIGHT: (
        "This picture is too bright.",
        "Turn away from the window or lower the light, and take it again.",
    ),
    Unusable.BLURRED: (
        "This picture is blurred.",
        "Hold still, wipe the camera, and take it again.",
    ),
    Unusable.TURNED_AWAY: (
        "Your face is turned away in this picture.",
        "Look straight into the camera and take it again.",
    ),
    Unusable.FACE_CUT_OFF: (
        "Your face is partly outside this picture.",
        "Turn the camera until it shows your whole face, and take it again.",
    ),
}
