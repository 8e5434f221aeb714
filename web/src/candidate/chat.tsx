import { Button, Group, Text, Textarea } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { asApiError } from "../api/http";
import type { Message } from "../api/types";
import { clockTime } from "../time";
import type { StepProps } from "./app";
import css from "./candidate.module.css";

const SENDER = { proctor: "Proctor", candidate: "You", system: "Invigil" };

export function Chat({ session, view }: StepProps) {
  const messages = view.me?.messages ?? [];
  return (
    <div className={css.chat}>
      <MessageList messages={messages} />
      <MessageForm send={(text) => session.say(text)} />
    </div>
  );
}

function MessageList({ messages }: { messages: Message[] }) {
  const end = useRef<HTMLUListElement>(null);
  const count = messages.length;
  useEffect(() => {
    if (count > 0) end.current?.scrollTo({ top: end.current.scrollHeight });
  }, [count]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <ul className={css.messages} ref={end} aria-live="polite" aria-label="Messages" tabIndex={0}>
      {count === 0 && <li className="faint">No messages yet. The proctor reads what you write here.</li>}
      {messages.map((message) => (
        <li
          key={message.id}
          className={css.bubble}
          data-mine={message.from === "candidate" || undefined}
          data-kind={message.kind}
        >
          <Text size="xs" className="faint">
            {message.kind === "warning" ? "Warning from the proctor" : SENDER[message.from]} ·{" "}
            {clockTime(message.sent_at)}
          </Text>
          {message.text}
        </li>
      ))}
    </ul>
  );
}

function MessageForm({ send }: { send: (text: string) => Promise<void> }) {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    if (!text.trim() || busy) return;
    setBusy(true);
    setError(null);
    try {
      await send(text.trim());
      setText("");
    } catch (reason) {
      setError(`Not sent: ${asApiError(reason).message} Please try again.`);
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void submit();
  };
  return (
    <form onSubmit={submit}>
      <Textarea
        id="chat-input"
        data-testid="chat-input"
        label="Your question to the proctor"
        placeholder="I have a question…"
        autosize
        minRows={2}
        maxRows={6}
        maxLength={1000}
        value={text}
        error={error}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <Group justify="flex-end" mt="xs">
        <Button
          type="submit"
          loading={busy}
          disabled={!text.trim()}
          leftSection={<IconSend size={16} aria-hidden />}
          data-testid="chat-send"
        >
          Send
        </Button>
      </Group>
    </form>
  );
}
