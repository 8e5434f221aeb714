import { Accordion, Alert, Button, List, Text } from "@mantine/core";
import { IconCameraOff, IconClipboard } from "@tabler/icons-react";
import { useState } from "react";
import type { CameraView } from "../live/camera";
import { diagnostics } from "../live/diagnostics";
import type { MediaProblem } from "../live/media-errors";

const PROBLEM: Record<MediaProblem, { title: string; fix: string }> = {
  denied: {
    title: "The browser does not let this page use the camera",
    fix: "Allow it once in the browser, as written below, then press Try again.",
  },
  in_use: {
    title: "Another program uses the camera",
    fix: "Please close video calls and camera programs (also in other browser tabs), then press Try again.",
  },
  no_camera: {
    title: "No camera was found",
    fix: "Please plug one in, or open its cover. Then press Try again.",
  },
  insecure: {
    title: "This address is not secure, so the browser gives no camera",
    fix: "The link must begin with https://. Please tell the people who sent it to you.",
  },
  unsupported: {
    title: "This browser cannot use a camera",
    fix: "Please open the link in a current Chrome, Edge, Firefox or Safari, not inside another app.",
  },
  overconstrained: {
    title: "The camera refused its settings",
    fix: "Please choose another camera in the browser's settings, or press Try again.",
  },
  ended: { title: "The camera stopped", fix: "Please check its cable and cover, then press Try again." },
  unknown: {
    title: "The camera could not be started",
    fix: "Please press Try again. If that does not help, restart the browser.",
  },
};

const BROWSERS: [string, string[]][] = [
  [
    "Chrome and Edge",
    [
      "Click the icon left of the address (lock or sliders).",
      "Set Camera and Microphone to Allow.",
      "Press Try again here. If asked, reload the page; your place is kept.",
    ],
  ],
  [
    "Firefox",
    [
      "Click the crossed-out camera left of the address.",
      "Remove the block (the small x).",
      "Press Try again here and choose Allow.",
    ],
  ],
  [
    "Safari",
    [
      "Choose Safari > Settings for This Website (on iPhone: the aA button > Website Settings).",
      "Set Camera and Microphone to Allow.",
      "Press Try again here.",
    ],
  ],
];

export function CameraProblem({ camera, onRetry }: { camera: CameraView; onRetry: () => void }) {
  const problem = camera.problem ?? "unknown";
  const { title, fix } = PROBLEM[problem];
  return (
    <Alert
      color="orange"
      icon={<IconCameraOff aria-hidden />}
      title={title}
      role="alert"
      data-testid="camera-problem"
      data-problem={problem}
    >
      <Text mb="sm">{fix}</Text>
      {problem === "denied" && <AllowSteps />}
      <Button mt="sm" mr="sm" onClick={onRetry} data-testid="camera-retry">
        Try again
      </Button>
      <CopyDiagnostics camera={camera} />
    </Alert>
  );
}

function AllowSteps() {
  return (
    <Accordion variant="contained" defaultValue="0" chevronPosition="left">
      {BROWSERS.map(([browser, steps], i) => (
        <Accordion.Item key={browser} value={String(i)}>
          <Accordion.Control>{browser}</Accordion.Control>
          <Accordion.Panel>
            <List type="ordered">
              {steps.map((step) => (
                <List.Item key={step}>{step}</List.Item>
              ))}
            </List>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}

export function CopyDiagnostics({ camera }: { camera: CameraView }) {
  const [text, setText] = useState<string | null>(null);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    const report = await diagnostics(camera);
    try {
      await navigator.clipboard.writeText(report);
      setCopied(true);
    } catch {
      setText(report);
    }
  };
  return (
    <>
      <Button mt="sm" variant="default" leftSection={<IconClipboard size={16} aria-hidden />} onClick={copy}>
        {copied ? "Copied" : "Copy details for the help desk"}
      </Button>
      {text && (
        <Text component="pre" size="xs" mt="sm" style={{ whiteSpace: "pre-wrap" }}>
          {text}
        </Text>
      )}
    </>
  );
}
