import { expect, it, vi } from "vitest";
import { ApiError } from "../../src/api/http";
import { FramePump } from "../../src/live/frame-pump";
import { settle } from "./virtual-clock";

interface Reply {
  next_frame_ms: number;
}

function setUp(answers: (Reply | ApiError)[], pictures: (Blob | null)[] = []) {
  const waits: number[] = [];
  const log: string[] = [];
  let flying = 0;
  let most = 0;
  const pump = new FramePump<Reply>({
    random: () => 1,
    source: {
      take: (inMs) => {
        waits.push(inMs);
        if (answers.length === 0) return new Promise(() => {});
        const picture = pictures.length > 0 ? pictures.shift() : new Blob(["x"]);
        return Promise.resolve(picture ?? null);
      },
    },
    post: async () => {
      most = Math.max(most, ++flying);
      await settle();
      flying--;
      const answer = answers.shift();
      if (answer instanceof ApiError) throw answer;
      return answer as Reply;
    },
    onReply: () => {
      log.push("reply");
      return true;
    },
    onTrouble: ({ code }) => log.push(`trouble ${code}`),
    onRefused: ({ code }) => log.push(`refused ${code}`),
  });
  return { pump, waits, log, most: () => most };
}

const run = async () => {
  for (let i = 0; i < 20; i++) await settle();
};

it("waits as long as the server asks, less the time on the way, one picture at a time", async () => {
  const { pump, waits, most } = setUp([{ next_frame_ms: 5000 }, { next_frame_ms: 800 }]);
  pump.start();
  pump.start();
  await run();
  expect(waits[0]).toBe(0);
  expect(waits[1]).toBeGreaterThan(4800);
  expect(waits[1]).toBeLessThanOrEqual(5000);
  expect(waits[2]).toBeLessThanOrEqual(800);
  expect(waits).toHaveLength(3);
  expect(most()).toBe(1);
});

it("goes on when the server is full or away, and says so as a trouble", async () => {
  const full = new ApiError(503, "storage_full", "", null, 7000);
  const away = new ApiError(0, "no_answer", "");
  const { pump, waits, log } = setUp([full, away, { next_frame_ms: 2000 }]);
  pump.start();
  await run();
  expect(log).toEqual(["trouble storage_full", "trouble no_answer", "reply"]);
  expect(waits[1]).toBe(7000);
  expect(waits[2]).toBe(1000);
});

it("goes on after a picture that could not be read", async () => {
  const { pump, log } = setUp([new ApiError(422, "image_broken", ""), { next_frame_ms: 1 }]);
  pump.start();
  await run();
  expect(log).toEqual(["trouble image_broken", "reply"]);
});

it.each([
  [409, "taken_over"],
  [410, "session_closed"],
])("stops at %i %s", async (status, code) => {
  const { pump, waits, log } = setUp([new ApiError(status, code, ""), { next_frame_ms: 1 }]);
  pump.start();
  await run();
  expect(log).toEqual([`refused ${code}`]);
  expect(waits).toHaveLength(1);
});

it("posts nothing when the camera gave nothing, and looks again after a second", async () => {
  const { pump, waits, log } = setUp([{ next_frame_ms: 3000 }], [null, new Blob(["x"])]);
  pump.start();
  await run();
  expect(waits.slice(0, 2)).toEqual([0, 1000]);
  expect(log).toEqual(["reply"]);
});

it("does not run twice when it is stopped and started again at once", async () => {
  const { pump, waits } = setUp([{ next_frame_ms: 1000 }, { next_frame_ms: 1000 }]);
  pump.start();
  pump.stop();
  pump.start();
  await run();
  expect(waits).toHaveLength(4);
});

it("keeps to the pace although the camera is late each time", async () => {
  vi.useFakeTimers();
  try {
    const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    const taken: number[] = [];
    const pump = new FramePump<Reply>({
      source: {
        take: async (inMs) => {
          await after(inMs + 80);
          taken.push(performance.now());
          return new Blob(["x"]);
        },
      },
      post: async () => {
        await after(30);
        return { next_frame_ms: 5000 };
      },
      onReply: () => true,
      onTrouble: () => {},
      onRefused: () => {},
    });
    pump.start();
    await vi.advanceTimersByTimeAsync(60_000);
    pump.stop();
    const gaps = taken.slice(1).map((at, place) => at - (taken[place] ?? 0));
    expect(gaps).toHaveLength(11);
    expect(new Set(gaps)).toEqual(new Set([5000]));
  } finally {
    vi.useRealTimers();
  }
});
