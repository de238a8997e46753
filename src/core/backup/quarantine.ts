/**
 * Settings that a restored copy has otherwise than its source, on purpose: it must not take rows from a publisher, nor run
 * its source's jobs. Those of an extension only where the source had them.
 */
const ALWAYS = { max_logical_replication_workers: '0' } as const;
const WHERE_KNOWN = { 'cron.launch_active_jobs': 'off', 'cron.max_running_jobs': '0' } as const;

/** What a copy's settings must be, whatever its source's were. */
export function quarantineSettings(
  ofSource: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const known = Object.entries(WHERE_KNOWN).filter(([name]) => ofSource !== undefined && Object.hasOwn(ofSource, name));
  return { ...ALWAYS, ...Object.fromEntries(known) };
}
