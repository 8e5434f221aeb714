import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { RefusedScreen } from "../../src/candidate/screens";
import { dayAndTime } from "../../src/time";
import { at } from "../live/shapes";
import { show } from "./render";

it.each([null, at(0)])("says to the owner of a personal link when it let somebody in", (opens_at) => {
  const window = { opens_at, closes_at: at(3600) };
  show(<RefusedScreen refusal={{ code: "invite_over", message: "Over.", fix: "Ask.", window }} />);
  const from = opens_at ? `from ${dayAndTime(opens_at)} ` : "";
  expect(screen.getByTestId("link-refused").textContent).toContain(
    `It let you in ${from}until ${dayAndTime(at(3600))} (`,
  );
});
