import { SegmentedControl } from "@mantine/core";
import { Store } from "../live/store";
import { useStore } from "../ui/use-store";

export type TileSize = "large" | "small";

const KEY = "invigil:tiles";

/** How the proctor wants to see many candidates at once, kept in this browser. */
export const tileSize = new Store<TileSize>(localStorage.getItem(KEY) === "small" ? "small" : "large");

function choose(size: string): void {
  const chosen = size === "small" ? "small" : "large";
  localStorage.setItem(KEY, chosen);
  tileSize.set(chosen);
}

export function TileSizeControl() {
  return (
    <SegmentedControl
      size="xs"
      aria-label="Size of the tiles"
      data-testid="tile-size"
      value={useStore(tileSize)}
      onChange={choose}
      data={[
        { value: "large", label: "Large tiles" },
        { value: "small", label: "Small tiles" },
      ]}
    />
  );
}
