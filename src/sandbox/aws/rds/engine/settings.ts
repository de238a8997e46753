/** What a server is told: files in its data directory, and the command line for what no file may change. */
import { join } from 'node:path';

export interface ServerSettings {
  readonly major: number;
  readonly durable: boolean;
  /** Of the parameter group. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Folder that WAL is copied to; undefined is archiving off. */
  readonly archiveTo: string | undefined;
  readonly follows:
    | { readonly port: number; readonly slot: string; readonly passwordFile: string; readonly name: string }
    | undefined;
}

/** Small enough for many servers on one machine. A parameter group may say otherwise. */
export const DEFAULTS: Readonly<Record<string, string>> = {
  shared_buffers: '32MB',
  max_connections: '100',
  wal_level: 'replica',
  max_wal_senders: '10',
  max_replication_slots: '10',
  // A replica that was forgotten must not keep WAL for ever.
  max_slot_wal_keep_size: '1GB',
  // A replica asks its source again soon after that was away.
  wal_retrieve_retry_interval: '500ms',
  max_wal_size: '256MB',
  min_wal_size: '16MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** The text of postgresql.conf. Later lines win: what the engine needs stands last. */
export function configText(settings: ServerSettings): string {
  const { major, durable, archiveTo, follows } = settings;
  const own: Record<string, string> = {
    password_encryption: 'scram-sha-256',
    logging_collector: 'off',
    log_destination: 'stderr',
    archive_mode: archiveTo === undefined ? 'off' : 'on',
    archive_command: archiveTo === undefined ? '' : archiveCommand(archiveTo),
    restore_command: '',
    hot_standby: 'on',
    ssl: 'off',
    ...(durable ? {} : { fsync: 'off' }),
    ...(follows ? { primary_conninfo: connectionInfo(follows), primary_slot_name: follows.slot } : {}),
  };
  const first = { ...DEFAULTS, ...(major >= 18 ? { io_method: 'sync' } : {}), ...translated(settings.parameters) };
  const text = Object.entries({ ...first, ...own }).map(([name, value]) => `${name} = '${value.replace(/'/g, "''")}'`);
  return `# Written by the sandbox at every start and change.\n${text.join('\n')}\n`;
}

export const HBA_TEXT = [
  '# Loopback only, always with a password.',
  'host all all 127.0.0.1/32 scram-sha-256',
  'host replication all 127.0.0.1/32 scram-sha-256',
  '',
].join('\n');

/** On the command line, so that nothing in a copied folder can change it. */
export function fixedSettings(port: number): Record<string, string | number> {
  return { port, listen_addresses: '127.0.0.1', unix_socket_directories: '' };
}

/** Settings of RDS that stand for those of Postgres. */
function translated(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const isLogical = ['1', 'on', 'true'].includes(parameters['rds.logical_replication'] ?? '');
  return { ...parameters, ...(isLogical ? { wal_level: 'logical' } : {}) };
}

/**
 * Copies beside and links into place: a file is whole or not there, and none is written over. Archived already with
 * the same content (the server died before it could note it) is success. The zeros behind a tick take no room where cp
 * can leave holes. The folder stands in it once: up to version 15 the command is cut off, silently, at 1,023 bytes.
 */
export function archiveCommand(folder: string): string {
  const copy = `{ cp --sparse=always "%p" "$p" 2>/dev/null || cp "%p" "$p"; }`;
  const archive = `if test -f "$t"; then cmp -s "%p" "$t"; else ${copy} && ln "$p" "$t" && rm "$p"; fi`;
  return `d=${quoted(folder)}; t="$d/%f"; p="$d/.%f.part"; ${archive}`;
}

export function restoreCommand(folder: string): string {
  const from = quoted(join(folder, '%f'));
  return `test -f ${from} && cp ${from} "%p"`;
}

function connectionInfo({ port, passwordFile, name }: NonNullable<ServerSettings['follows']>): string {
  const value = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  return `host=127.0.0.1 port=${port} connect_timeout=5 user=rdsrepladmin passfile=${value(passwordFile)} application_name=${value(name)}`;
}

/** For sh; `%` of a path is not a placeholder of Postgres. Placeholders come as `/%f` and `/.%f.part` at the end. */
function quoted(path: string): string {
  const at = path.lastIndexOf('/');
  const folder = path.slice(0, at).replace(/%/g, '%%').replace(/'/g, "'\\''");
  return `'${folder}${path.slice(at)}'`;
}
