import { NativeSelect } from "@mantine/core";
import type { IncidentKind } from "../api/types";
import type { FeedFilter } from "../live/feed-filter";
import { KIND_WORDS } from "../words";
import { useConsole, useConsoleView, useUiView } from "./console-context";
import css from "./proctor.module.css";

export function FeedFilters() {
  const { ui } = useConsole();
  const { candidates } = useConsoleView();
  const { filter } = useUiView();
  return (
    <div className={css.filters}>
      <NativeSelect
        id="filter-kind"
        aria-label="Kind of incident"
        size="xs"
        value={filter.kind ?? ""}
        onChange={(event) => ui.setFilter({ kind: (event.currentTarget.value as IncidentKind) || null })}
        data={[
          { value: "", label: "All kinds" },
          ...Object.entries(KIND_WORDS).map(([value, label]) => ({ value, label })),
        ]}
        data-testid="filter-kind"
      />
      <NativeSelect
        aria-label="Candidate"
        size="xs"
        value={filter.candidate ?? ""}
        onChange={(event) => ui.setFilter({ candidate: event.currentTarget.value || null })}
        data={[
          { value: "", label: "Everyone" },
          ...candidates.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        data-testid="filter-candidate"
      />
      <NativeSelect
        aria-label="State"
        size="xs"
        value={filter.show}
        onChange={(event) => ui.setFilter({ show: event.currentTarget.value as FeedFilter["show"] })}
        data={[
          { value: "all", label: "All states" },
          { value: "open", label: "Still going on" },
          { value: "undecided", label: "Not decided" },
        ]}
        data-testid="filter-show"
      />
    </div>
  );
}
