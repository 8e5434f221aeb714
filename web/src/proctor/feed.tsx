import { Badge, Button, Group, Skeleton, Text, Title } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { filterIncidents } from "../live/feed-filter";
import { isNew } from "../live/unread";
import { useStore } from "../ui/use-store";
import { useConsole, useConsoleView, useUiView } from "./console-context";
import { FeedFilters } from "./feed-filters";
import { IncidentCard } from "./incident-card";
import { showError } from "./notify";
import css from "./proctor.module.css";

export function Feed() {
  const { ui, seen } = useConsole();
  const { incidents, session, moreIncidents } = useConsoleView();
  const { filter, selected, deciding } = useUiView();
  const seenIds = useStore(seen.seen);
  const shown = useMemo(() => filterIncidents(incidents, filter), [incidents, filter]);
  const unread = useMemo(
    () => incidents.filter((incident) => isNew(incident, seenIds)).length,
    [incidents, seenIds],
  );
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${session?.title ?? "Console"} – Invigil`;
  }, [unread, session?.title]);
  return (
    <section className={css.feedSide} aria-labelledby="feed-title" data-testid="feed">
      <div className={css.feedHead}>
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <Title order={2} size="h4" id="feed-title">
              Incidents
            </Title>
            <Badge
              variant={unread > 0 ? "filled" : "default"}
              tt="none"
              data-testid="unread-count"
              data-count={unread}
            >
              {unread} new
            </Badge>
          </Group>
          {unread > 0 && (
            <Button variant="default" size="compact-sm" onClick={() => ui.markAllSeen()}>
              Mark all as seen
            </Button>
          )}
        </Group>
        <FeedFilters />
      </div>
      <ol className={css.feed}>
        {shown.map((incident) => (
          <IncidentCard
            key={incident.id}
            incident={incident}
            selected={selected === incident.id}
            unread={isNew(incident, seenIds)}
            deciding={deciding?.id === incident.id ? deciding.decision : null}
          />
        ))}
      </ol>
      {shown.length === 0 && <EmptyFeed filtered={incidents.length > 0} />}
      {moreIncidents && <LoadOlder />}
    </section>
  );
}

function EmptyFeed({ filtered }: { filtered: boolean }) {
  const { ui } = useConsole();
  const { candidates } = useConsoleView();
  if (filtered) {
    return (
      <div className={css.empty}>
        <Text mb="sm">No incident fits this filter.</Text>
        <Button variant="default" onClick={() => ui.setFilter({ kind: null, candidate: null, show: "all" })}>
          Show all
        </Button>
      </div>
    );
  }
  return (
    <div className={css.empty}>
      <Text fw={600}>No incidents so far</Text>
      <Text className="faint" size="sm">
        {candidates.length === 0
          ? "Send the join link to the candidates. Whatever needs your look appears here with a picture."
          : "Whatever needs your look appears here with a picture."}
      </Text>
    </div>
  );
}

function LoadOlder() {
  const { store } = useConsole();
  const [busy, setBusy] = useState(false);
  const load = async () => {
    setBusy(true);
    await store.loadOlder().catch(showError);
    setBusy(false);
  };
  return (
    <div className={css.empty}>
      {busy && <Skeleton height={120} mb="sm" />}
      <Button variant="default" loading={busy} onClick={load} data-testid="load-older">
        Load older incidents
      </Button>
    </div>
  );
}
