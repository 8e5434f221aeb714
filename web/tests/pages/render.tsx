import { MantineProvider } from "@mantine/core";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { theme } from "../../src/theme";

export function show(page: ReactNode) {
  return render(
    <MantineProvider theme={theme} env="test">
      {page}
    </MantineProvider>,
  );
}
