import { notifications } from "@mantine/notifications";
import { asApiError } from "../api/http";

function show(color: "red" | "blue", message: string, title?: string): void {
  notifications.show({ color, title, message, closeButtonProps: { "aria-label": "Close this note" } });
}

export function showError(reason: unknown): void {
  const { message, fix } = asApiError(reason);
  show("red", [message, fix].filter(Boolean).join(" "), "That did not work");
}

export function showDone(message: string): void {
  show("blue", message);
}

export function showAnswer(name: string, text: string): void {
  show("blue", text, `${name} answers what was decided`);
}

export function showQuestion(name: string, text: string): void {
  show("blue", text, `${name} writes`);
}
