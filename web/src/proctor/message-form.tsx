import { Button, Group, Stack, Textarea } from "@mantine/core";
import { IconAlertTriangle, IconSend } from "@tabler/icons-react";
import { useState } from "react";
import type { MessageKind } from "../api/types";
import { MESSAGE_PRESETS } from "../words";
import { useConsole } from "./console-context";
import { showDone, showError } from "./notify";
import css from "./proctor.module.css";

/** Words to one candidate, or to all in the room when `candidateId` is null. */
export function MessageForm({ candidateId, onSent }: { candidateId: string | null; onSent?: () => void }) {
  const { store } = useConsole();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState<MessageKind | null>(null);
  const send = async (kind: MessageKind) => {
    setBusy(kind);
    try {
      const count = await store.say(candidateId, kind, text.trim());
      setText("");
      if (!candidateId) showDone(count === 1 ? "Sent to 1 candidate." : `Sent to ${count} candidates.`);
      onSent?.();
    } catch (error) {
      showError(error);
    } finally {
      setBusy(null);
    }
  };
  const presets = [...MESSAGE_PRESETS.message, ...MESSAGE_PRESETS.warning];
  return (
    <Stack gap="xs">
      <fieldset className={css.chips}>
        <legend className="visually-hidden">Ready-made texts</legend>
        {presets.map((preset) => (
          <button type="button" key={preset} className={css.chip} onClick={() => setText(preset)}>
            {preset}
          </button>
        ))}
      </fieldset>
      <Textarea
        label={candidateId ? "Text to this candidate" : "Text to everybody in the room"}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={1000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-testid="message-text"
      />
      <Group gap="xs">
        <Button
          disabled={!text.trim()}
          loading={busy === "message"}
          leftSection={<IconSend size={16} aria-hidden />}
          onClick={() => void send("message")}
          data-testid="send-message"
        >
          Send message
        </Button>
        <Button
          variant="default"
          disabled={!text.trim()}
          loading={busy === "warning"}
          leftSection={<IconAlertTriangle size={16} aria-hidden />}
          onClick={() => void send("warning")}
          data-testid="send-warning"
        >
          Send as warning
        </Button>
      </Group>
    </Stack>
  );
}
