/** Usual reasons of decisions. They depend on what was seen, as a reason that fits another kind is untrue. */
import type { Decision, IncidentKind } from "./api/types";

type Reasons = Record<Decision, readonly string[]>;

const UNCLEAR = ["Picture is not clear enough", "Needs a second look"];

const ANY: Reasons = {
  confirmed: ["Clearly visible in the picture", "Seen in the live video", "The candidate said so"],
  dismissed: ["Technical problem", "This was allowed"],
  inconclusive: UNCLEAR,
};

const SEVERAL_FACES: Reasons = {
  confirmed: ["Another person is in the picture", "Seen in the live video", "The candidate said so"],
  dismissed: [
    "Picture, poster or screen, not a person",
    "Somebody only passed by",
    "A helper, who was agreed on",
  ],
  inconclusive: UNCLEAR,
};

const ANOTHER_PERSON: Reasons = {
  confirmed: ["Another person is at the camera", "Seen in the live video", "The candidate said so"],
  dismissed: [
    "Same person, other light",
    "Same person, looks different today",
    "The reference photo is poor",
    "Technical problem",
  ],
  inconclusive: ["Picture is not clear enough to compare", "Needs a second look"],
};

const NOBODY: Reasons = {
  confirmed: ["Nobody was at the camera", "Seen in the live video", "The candidate said so"],
  dismissed: [
    "Was there, only turned away or bent down",
    "The camera had moved",
    "A break that was agreed on",
  ],
  inconclusive: UNCLEAR,
};

const NO_PICTURE: Reasons = {
  confirmed: ["The camera was off or covered", "Seen in the live video", "The candidate said so"],
  dismissed: [
    "Technical problem",
    "The connection was lost",
    "The room was only dark",
    "A break that was agreed on",
  ],
  inconclusive: ["The cause cannot be seen", "Needs a second look"],
};

const REPEATED: Reasons = {
  confirmed: ["The pictures are not live", "Seen in the live video", "The candidate said so"],
  dismissed: ["The camera or browser hung", "The live video moved meanwhile", "Technical problem"],
  inconclusive: ["The cause cannot be seen", "Needs a second look"],
};

const OF_KIND: Partial<Record<IncidentKind, Reasons>> = {
  multiple_faces: SEVERAL_FACES,
  different_person: ANOTHER_PERSON,
  not_recognised: ANOTHER_PERSON,
  no_face: NOBODY,
  camera_lost: NO_PICTURE,
  camera_covered: NO_PICTURE,
  feed_looped: REPEATED,
  camera_frozen: REPEATED,
  frame_replayed: REPEATED,
};

export function usualReasons(decision: Decision, kind: IncidentKind): readonly string[] {
  return (OF_KIND[kind] ?? ANY)[decision];
}
