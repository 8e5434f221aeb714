import { expect, it, vi } from "vitest";
import { usedTab } from "../../src/live/token-store";
import { inRoom, json, named, page, ready, refuse } from "./candidate-page";
import { FakeLocks } from "./fake-locks";
import { FakeTrack } from "./fake-rtc";
import { myCandidate } from "./shapes";

it("stops, camera and all, when another tab took over, and can come back", async () => {
  page.answers.frames = refuse(409, "taken_over");
  const session = await inRoom();
  expect(session.view.get().phase).toBe("taken_over");
  expect(page.camera.readyState).toBe("ended");
  page.answers.frames = () => json({ observation: null, warnings: [], next_frame_ms: 5000 });
  const before = named("tickets").length;
  page.camera = new FakeTrack("video");
  session.continueHere();
  await ready(30);
  expect(session.view.get().phase).toBe("open");
  expect(named("tickets").length).toBe(before + 1);
  expect(await named("tickets").at(-1)?.json()).toMatchObject({ take_over: true });
  session.view.patch({ phase: "closed" });
});

it("goes on by itself when the tab that took over is closed, and claims nothing beyond that", async () => {
  const { locks } = new FakeLocks().tab();
  vi.stubGlobal("navigator", { ...navigator, locks });
  const session = await inRoom();
  const before = named("tickets").length;
  page.sockets.at(-1)?.onclose?.({ code: 4409 });
  await ready();
  usedTab.save(myCandidate().id, "closed-since");
  window.dispatchEvent(new StorageEvent("storage", { key: usedTab.key(myCandidate().id) }));
  await ready();
  expect(session.view.get()).toMatchObject({ phase: "taken_over", standby: true });
  page.camera = new FakeTrack("video");
  await page.clock.pass(5100);
  await ready(30);
  expect(session.view.get().phase).toBe("open");
  expect(session.media.camera.view.get().status).toBe("on");
  const [asked, connected] = await Promise.all(
    named("tickets")
      .slice(before)
      .map((call) => call.json()),
  );
  expect(asked).toMatchObject({ take_over: true, instead_of: "closed-since" });
  expect(connected).toMatchObject({ take_over: false });
  expect(named("tickets")).toHaveLength(before + 2);
  session.view.patch({ phase: "closed" });
});

it("does not take the exam back from a newer tab by a mere reconnect", async () => {
  const session = await inRoom();
  page.answers.tickets = refuse(409, "taken_over");
  page.sockets.at(-1)?.onclose?.({ code: 1006 });
  await page.clock.pass(500);
  await ready();
  expect(await named("tickets").at(-1)?.json()).toMatchObject({ take_over: false });
  expect(session.view.get().phase).toBe("taken_over");
});
