import { expect, it } from "vitest";
import type { Gap } from "../../src/api/types";
import { lostTimeWords } from "../../src/lost-time";
import { at } from "./shapes";

const gap = (cause: Gap["cause"], from: number, to: number | null): Gap => ({
  id: `${cause}${from}`,
  candidate_id: "c1",
  cause,
  started_at: at(from),
  ended_at: to === null ? null : at(to),
});

it("adds up what the candidate could not help, and nothing else", () => {
  const gaps = [
    gap("paused", 0, 60),
    gap("connection", 60, 200),
    gap("paused", 300, null),
    gap("server", 200, 220),
    gap("camera", 220, 300),
  ];
  expect(lostTimeWords(gaps, Date.parse(at(330)))).toBe("paused 1 min 30 s, our server's fault 20 s");
});

it("says nothing where there was none", () => {
  expect(lostTimeWords([gap("connection", 0, 90)], Date.parse(at(100)))).toBeNull();
});
