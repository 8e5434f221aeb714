import { Kbd, Switch, Table } from "@mantine/core";
import { Dialog } from "../ui/dialog";
import { useStore } from "../ui/use-store";
import { helpOpen, KEYS, keysOn, setKeysOn } from "./keys";

export function KeysHelp() {
  const open = useStore(helpOpen);
  const on = useStore(keysOn);
  return (
    <Dialog opened={open} onClose={() => helpOpen.set(false)} title="Keys" testId="keys-help">
      <Table>
        <Table.Tbody>
          {KEYS.map(({ key, shown, does }) => (
            <Table.Tr key={key}>
              <Table.Th scope="row" w={64}>
                <Kbd>{shown}</Kbd>
              </Table.Th>
              <Table.Td>{does}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Switch
        mt="md"
        label="Use these keys (the ? key always works)"
        checked={on}
        onChange={(event) => setKeysOn(event.currentTarget.checked)}
      />
    </Dialog>
  );
}
