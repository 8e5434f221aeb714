import { Table, Text, Title } from "@mantine/core";
import { useEffect, useState } from "react";
import { loadPrecision } from "../api/proctor";
import type { KindPrecision } from "../api/types";
import { KIND_WORDS } from "../words";
import css from "./proctor.module.css";

const percent = (share: number) => `${Math.round(share * 100)} %`;

/** On a narrow screen the table scrolls, which keys can do as well. */
const REACHABLE = { tabIndex: 0, role: "group", "aria-label": "Table of the rules" };

/** How often people agreed with each rule, over the whole installation. */
export function RulesPrecision() {
  const [kinds, setKinds] = useState<KindPrecision[] | null>(null);
  useEffect(() => {
    loadPrecision().then(
      (answer) => setKinds(answer.kinds),
      () => setKinds(null),
    );
  }, []);
  if (!kinds?.some(({ opened }) => opened > 0)) return null;
  return (
    <section
      className={`panel ${css.form} ${css.below}`}
      aria-labelledby="precision-title"
      data-testid="precision"
    >
      <Title order={2} size="h4" id="precision-title" mb="xs">
        How right are the rules?
      </Title>
      <Text size="sm" mb="sm">
        Of the incidents with a clear decision, so many were confirmed. The range in brackets is where the
        true share lies with 95 % confidence: the fewer decisions, the wider. Inconclusive ones are left out.
      </Text>
      <Table.ScrollContainer minWidth={720} scrollAreaProps={{ viewportProps: REACHABLE }}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {["Incident", "Right", "Reported", "Reviewed", "Confirmed", "Dismissed", "Inconclusive"].map(
                (head) => (
                  <Table.Th key={head} scope="col">
                    {head}
                  </Table.Th>
                ),
              )}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {kinds.map((each) => (
              <Table.Tr key={each.kind} data-testid="precision-row" data-kind={each.kind}>
                <Table.Th scope="row" fw={500} miw={180}>
                  {KIND_WORDS[each.kind]}
                </Table.Th>
                <Table.Td className={css.nowrap}>{rightWords(each)}</Table.Td>
                <Table.Td>{each.opened}</Table.Td>
                <Table.Td>{each.reviewed}</Table.Td>
                <Table.Td>{each.confirmed}</Table.Td>
                <Table.Td>{each.dismissed}</Table.Td>
                <Table.Td>{each.inconclusive}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}

function rightWords({ precision, low, high, enough }: KindPrecision): string {
  if (precision === null || low === null || high === null) return "not known yet";
  const range = `(${percent(low)} – ${percent(high)})`;
  return enough ? `${percent(precision)} ${range}` : `too few to tell ${range}`;
}
