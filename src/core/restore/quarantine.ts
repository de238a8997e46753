/**
 * Parameters that keep a copy from reaching out. They must stand in the parameter group that the restore call names:
 * a copy that starts without them has taken its publisher's changes before any client can connect.
 */
export const QUARANTINE_SETTINGS: Readonly<Record<string, string>> = {
  max_logical_replication_workers: '0',
};

/** Only where pg_cron is preloaded in the copy as well. */
export const QUARANTINE_CRON_SETTINGS: Readonly<Record<string, string>> = {
  'cron.launch_active_jobs': 'off',
  'cron.max_running_jobs': '0',
};
