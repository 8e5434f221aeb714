import { beforeEach, expect, it, vi } from "vitest";
import { Capture } from "../../src/live/capture";
import type { CaptureOrder } from "../../src/live/capture-protocol";
import { FakeTrack } from "./fake-rtc";

/** For each picture that is asked for in turn: whether the reader gives one. */
let gives: boolean[];
let readers: number;
let patience: number[];

beforeEach(() => {
  gives = [];
  readers = 0;
  patience = [];
  vi.stubGlobal(
    "Worker",
    class {
      onmessage: ((event: object) => void) | null = null;
      postMessage(order: CaptureOrder) {
        if (order.type === "stream") readers += 1;
        if (order.type !== "take") return;
        patience.push(order.patienceMs);
        const data = gives.shift()
          ? { type: "picture", id: order.id, blob: new Blob(["jpeg"]) }
          : { type: "no_picture", id: order.id, why: "nothing came" };
        queueMicrotask(() => this.onmessage?.({ data }));
      }
      terminate() {}
    },
  );
  vi.stubGlobal(
    "MediaStreamTrackProcessor",
    class {
      readable = {};
    },
  );
});

function capturing(track = new FakeTrack("video")): Capture {
  const capture = new Capture();
  capture.setTrack(track as unknown as MediaStreamTrack);
  return capture;
}

it("reads the camera once as long as it gives pictures", async () => {
  gives = [true, true];
  const capture = capturing();
  expect(await capture.take(0)).not.toBeNull();
  expect(await capture.take(0)).not.toBeNull();
  expect(readers).toBe(1);
});

it("reads a camera that is on anew when its reader gives nothing", async () => {
  gives = [false, true];
  expect(await capturing().take(0)).not.toBeNull();
  expect(readers).toBe(2);
});

it("waits as long as it is asked to, also when it reads the camera anew", async () => {
  gives = [false, true, true];
  const capture = capturing();
  await capture.take(0, { patienceMs: 6000 });
  await capture.take(0);
  expect(patience).toEqual([6000, 6000, 2000]);
});

it("says so when the camera itself gives nothing", async () => {
  gives = [false, false, true];
  const capture = capturing();
  expect(await capture.take(0)).toBeNull();
  expect(await capture.take(0)).not.toBeNull();
});

it.each(["ended", "muted"])("does not read a camera that is %s anew", async (how) => {
  const track = new FakeTrack("video");
  const capture = capturing(track);
  if (how === "muted") track.muted = true;
  else track.stop();
  expect(await capture.take(0)).toBeNull();
  expect(readers).toBe(1);
});
