import { Badge } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";

/** Says that a legal hold keeps something of the session from being deleted; nothing without one. */
export function HoldBadge({ holds }: { holds: number }) {
  if (holds === 0) return null;
  return (
    <Badge
      variant="light"
      color="violet"
      tt="none"
      leftSection={<IconLock size={12} aria-hidden />}
      title="Nothing that is on hold is deleted, whatever the days of retention are."
      data-testid="hold-badge"
    >
      On legal hold
    </Badge>
  );
}
