/** The keys that say on which machine a history was recorded. No replay looks at them. */
const OF_THE_MACHINE: Readonly<Record<string, string>> = { identity: 'recorder', stackTrace: '', sourceMap: '' };

/**
 * A history as it is kept: proto JSON as `temporal workflow show -o json` prints it, one event a line, so that it is
 * short and a difference between two recordings can be read; without names and paths of the machine.
 */
export function historyText(json: string): string {
  const { events } = JSON.parse(json, (key, value: unknown) =>
    typeof value === 'string' ? (OF_THE_MACHINE[key] ?? value) : value,
  ) as { readonly events: readonly unknown[] };
  return `{"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}
