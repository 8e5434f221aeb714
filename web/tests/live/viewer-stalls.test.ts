import { beforeEach, describe, expect, it } from "vitest";
import { GreetedHub } from "./viewer-hub";

let its: GreetedHub;

beforeEach(() => {
  its = new GreetedHub();
});

describe("a picture that stands still on a connection that is fine", () => {
  const state = () => its.hub.views.get().get("a")?.state;

  it("is not called live, whatever the connection says, until pictures come again", async () => {
    await its.offer("A1", "L1");
    its.rtc().connect("connected");
    await its.clock.pass(20_000);
    expect(state()).toBe("live");
    its.rtc().frozen = true;
    await its.clock.pass(10_000);
    expect(state()).toBe("broken");
    its.rtc().connect("disconnected");
    its.rtc().connect("connected");
    await its.clock.pass(10_000);
    expect(state()).toBe("broken");
    its.rtc().frozen = false;
    await its.clock.pass(2_000);
    expect(state()).toBe("live");
  });
});
