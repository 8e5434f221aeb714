import { expect, it } from "vitest";
import { ApiError } from "../../src/api/http";
import { type FrameNumber, FrameNumbers } from "../../src/live/frame-numbers";

const LOST = new ApiError(0, "no_answer", "");
const OVER = new ApiError(409, "frame_not_numbered", "");

function setUp(answers: (string | ApiError)[]) {
  const sent: FrameNumber[] = [];
  let windows = 0;
  const numbers = new FrameNumbers(async () => ({ nonce: `window-${++windows}`, next_seq: 1 }));
  const send = () =>
    numbers.send(async (number) => {
      sent.push(number);
      const answer = answers.shift();
      if (answer instanceof ApiError) throw answer;
      return answer;
    });
  return { send, sent };
}

it("numbers pictures upwards in one window", async () => {
  const { send, sent } = setUp(["a", "b"]);
  expect([await send(), await send()]).toEqual(["a", "b"]);
  expect(sent).toEqual([
    { nonce: "window-1", seq: 1 },
    { nonce: "window-1", seq: 2 },
  ]);
});

it("sends a picture whose answer got lost under the same number", async () => {
  const { send, sent } = setUp([LOST, "a", "b"]);
  expect([await send(), await send()]).toEqual(["a", "b"]);
  expect(sent.map(({ seq }) => seq)).toEqual([1, 1, 2]);
});

it("gives up after a second lost answer, and never uses the number for another picture", async () => {
  const { send, sent } = setUp([LOST, LOST, "b"]);
  await expect(send()).rejects.toBe(LOST);
  expect(await send()).toBe("b");
  expect(sent.map(({ seq }) => seq)).toEqual([1, 1, 2]);
});

it("asks for a new window when its own is over", async () => {
  const { send, sent } = setUp(["a", OVER, "b"]);
  await send();
  expect(await send()).toBe("b");
  expect(sent.at(-1)).toEqual({ nonce: "window-2", seq: 1 });
});

it("lets every other refusal through", async () => {
  const refused = new ApiError(409, "taken_over", "");
  const { send, sent } = setUp([refused]);
  await expect(send()).rejects.toBe(refused);
  expect(sent).toHaveLength(1);
});
