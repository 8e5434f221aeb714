import { Alert } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";
import type { Trouble } from "../live/candidate-state";
import type { ConnectionState } from "../live/protocol";

/** A technical problem, said as one: blue, with a cloud, and without any blame. */
export function ConnectionNote({
  connection,
  trouble,
}: {
  connection: ConnectionState;
  trouble: Trouble | null;
}) {
  const lost = connection === "reconnecting" || (trouble !== null && !trouble.ours);
  return (
    <div role="status" data-testid="connection-state" data-state={connection}>
      {(lost || trouble) && (
        <Alert
          mb="md"
          color="blue"
          icon={<IconCloudOff aria-hidden />}
          title={lost ? "The connection was lost" : "A technical problem on our side"}
        >
          {lost ? "We are connecting again by ourselves." : `${trouble?.text} We keep trying by ourselves.`}{" "}
          You have done nothing wrong.
        </Alert>
      )}
    </div>
  );
}
