import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { HoldBadge } from "../../src/proctor/hold-badge";
import { show } from "./render";

it("says that there is a hold, and what it does", () => {
  show(<HoldBadge holds={2} />);
  const badge = screen.getByTestId("hold-badge");
  expect(badge.textContent).toBe("On legal hold");
  expect(badge.title).toContain("Nothing that is on hold is deleted");
});

it("is not there without one", () => {
  show(<HoldBadge holds={0} />);
  expect(screen.queryByTestId("hold-badge")).toBeNull();
});
