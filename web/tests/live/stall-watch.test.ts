import { expect, it } from "vitest";
import { StallWatch } from "../../src/live/stall-watch";
import { VirtualClock } from "./virtual-clock";

function picture() {
  const shown = { framesReceived: 1 };
  const report = () => new Map([["in", { type: "inbound-rtp", ...shown }]]);
  return { shown, getRTCStatsReport: async () => report() as unknown as RTCStatsReport };
}

it("says once that a picture stands still, well within ten seconds, and once that it flows again", async () => {
  const clock = new VirtualClock();
  const one = picture();
  const other = picture();
  const said: [string, boolean][] = [];
  const watch = new StallWatch(
    clock,
    () =>
      new Map([
        ["one", one],
        ["other", other],
      ] as const),
    (id, flows) => said.push([id, flows]),
  );
  watch.start();
  const pass = async (seconds: number, flowing: boolean) => {
    for (let i = 0; i < seconds; i++) {
      other.shown.framesReceived += 10;
      if (flowing) one.shown.framesReceived += 10;
      await clock.pass(1000);
    }
  };
  await pass(20, true);
  expect(said).toEqual([]);
  await pass(9, false);
  expect(said).toEqual([["one", false]]);
  await pass(20, false);
  expect(said).toHaveLength(1);
  await pass(3, true);
  expect(said).toEqual([
    ["one", false],
    ["one", true],
  ]);
  watch.stop();
  await pass(30, false);
  expect(said).toHaveLength(2);
});

it("survives a connection that gives no measurements", async () => {
  const clock = new VirtualClock();
  const said: boolean[] = [];
  const gone = { getRTCStatsReport: () => Promise.reject(new Error("closed")) };
  const watch = new StallWatch(
    clock,
    () => new Map([["one", gone]]),
    (_, flows) => said.push(flows),
  );
  watch.start();
  await clock.pass(20_000);
  expect(said).toEqual([false]);
});
