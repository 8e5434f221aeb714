import { expect, it } from "vitest";
import { ApiError } from "../../src/api/http";
import { insist } from "../../src/live/insist";
import { inRoom, json, named, page, refuse } from "./candidate-page";
import { myCandidate } from "./shapes";
import { settle, VirtualClock } from "./virtual-clock";

function failing(...errors: ApiError[]) {
  const seen = { calls: 0 };
  const act = async () => {
    const error = errors[seen.calls++];
    if (error) throw error;
    return "done";
  };
  return { seen, act };
}

const away = new ApiError(503, "unavailable", "Not now.");

it("tries again what was nobody's fault", async () => {
  const clock = new VirtualClock();
  const { seen, act } = failing(away, new ApiError(0, "no_answer", "Gone."));
  const result = insist(clock, act);
  await clock.pass(3000);
  await clock.pass(3000);
  expect(await result).toBe("done");
  expect(seen.calls).toBe(3);
});

it("gives up after the third time, with the reason", async () => {
  const clock = new VirtualClock();
  const { seen, act } = failing(away, away, away, away);
  const result = insist(clock, act).catch((error: ApiError) => error.code);
  await clock.pass(3000);
  await clock.pass(3000);
  expect(await result).toBe("unavailable");
  expect(seen.calls).toBe(3);
});

it("takes a refusal for an answer", async () => {
  const { seen, act } = failing(new ApiError(422, "reference_no_face", "No face."));
  await expect(insist(new VirtualClock(), act)).rejects.toThrow("No face.");
  expect(seen.calls).toBe(1);
});

it("keeps nobody waiting for long without a word", async () => {
  const { seen, act } = failing(new ApiError(429, "too_many_requests", "Slowly.", null, 30_000));
  await expect(insist(new VirtualClock(), act)).rejects.toThrow("Slowly.");
  expect(seen.calls).toBe(1);
});

it("spares the candidate a failure that is over a second later", async () => {
  const session = await inRoom();
  page.answers.leave = refuse(503, "unavailable");
  const finishing = session.finish();
  await settle();
  page.answers.leave = () => json(myCandidate({ state: "finished" }));
  await page.clock.pass(3000);
  expect(await finishing).toBe(true);
  expect(named("leave")).toHaveLength(2);
  expect(session.view.get().refusal).toBeNull();
});
