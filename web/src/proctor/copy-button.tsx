import { Button, type ButtonProps } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";

interface Props extends ButtonProps {
  text: string;
  label: string;
  testId?: string;
}

export function CopyButton({ text, label, testId, ...rest }: Props) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2500);
    } catch {
      notifications.show({
        title: "Please copy the link by hand",
        message: text,
        autoClose: false,
        closeButtonProps: { "aria-label": "Close this note" },
      });
    }
  };
  const Icon = copied ? IconCheck : IconCopy;
  return (
    <Button
      variant="default"
      {...rest}
      leftSection={<Icon size={16} aria-hidden />}
      onClick={copy}
      data-testid={testId}
    >
      {copied ? "Copied" : label}
    </Button>
  );
}
