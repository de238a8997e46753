/**
 * What an export leaves in S3: the folders of RDS with one object a table part, and the two files that say what is in it.
 * The parts are JSON lines, not Parquet: nobody reads an export back into RDS, and a person can read these.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import pg from 'pg';
import type { Exporter, ExportOutcome, ExportRequest } from './context.ts';

const PART_BYTES = 8 * 1024 * 1024;
const ROWS_AT_ONCE = 2000;

interface Table {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
  /** Why it is left out. */
  readonly skipped?: string;
}

/** Goes through the sandbox's own endpoint, as access key `rds-export`. */
export function createS3Exporter(endpointUrl: () => string): Exporter {
  const clients = new Map<string, Promise<S3Client>>();
  const clientOf = (region: string): Promise<S3Client> => {
    let client = clients.get(region);
    if (!client) {
      client = newClient(endpointUrl(), region);
      clients.set(region, client);
    }
    return client;
  };
  return {
    async bucketExists(region, bucket) {
      const { HeadBucketCommand } = await import('@aws-sdk/client-s3');
      const client = await clientOf(region);
      return client.send(new HeadBucketCommand({ Bucket: bucket })).then(
        () => true,
        () => false,
      );
    },
    write: async (request) => writeAll(request, await clientOf(request.region)),
  };
}

async function newClient(endpoint: string, region: string): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const credentials = { accessKeyId: 'rds-export', secretAccessKey: 'sandbox' };
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 3 });
}

async function writeAll(request: ExportRequest, s3: S3Client): Promise<ExportOutcome> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const { bucket, prefix, taskIdentifier, signal } = request;
  const root = `${prefix ? `${prefix.replace(/\/$/, '')}/` : ''}${taskIdentifier}`;
  const put = async (key: string, body: Buffer | string): Promise<void> => {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }), { abortSignal: signal });
  };
  const tables = await listTables(request);
  const exported: object[] = [];
  let bytes = 0;
  let done = 0;
  for (const table of tables) {
    signal.throwIfAborted();
    const target = `${table.database}.${table.schema}.${table.name}`;
    if (table.skipped === undefined) {
      const folder = `${root}/${table.database}/${table.schema}.${table.name}/1`;
      const size = await writeTable(request, table, (part, body) => put(`${folder}/part-${part}.jsonl`, body));
      bytes += size;
      exported.push({ target, status: 'COMPLETE', sizeGB: size / 1e9 });
    } else {
      exported.push({ target, status: 'SKIPPED', warningMessage: table.skipped });
    }
    done += 1;
    request.onProgress((100 * done) / tables.length);
  }
  const info = { exportTaskIdentifier: taskIdentifier, status: 'COMPLETE', percentProgress: 100, format: 'jsonl' };
  const perTable = { perTableStatus: exported };
  await put(`${root}/export_tables_info_${taskIdentifier}_from_1_to_${tables.length}.json`, JSON.stringify(perTable));
  await put(`${root}/export_info_${taskIdentifier}.json`, JSON.stringify(info));
  const skipped = tables.flatMap(({ database, schema, name, skipped: why }) =>
    why === undefined ? [] : [`${database}.${schema}.${name} (${why})`],
  );
  return { bytes, skipped };
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'rds export' });
  // An error outside of a query is told by the next one.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function listTables({ urlOf, only }: ExportRequest): Promise<readonly Table[]> {
  const databases = await connected(urlOf('postgres'), async (client) => {
    const text = `select datname from pg_database where datallowconn and not datistemplate and datname <> 'rdsadmin' order by 1`;
    return (await client.query<{ datname: string }>(text)).rows.map(({ datname }) => datname);
  });
  const tables: Table[] = [];
  for (const database of databases) {
    tables.push(...(await connected(urlOf(database), (client) => tablesOf(client, database))));
  }
  const isWanted = ({ database, schema, name }: Table): boolean =>
    only.length === 0 ||
    [database, `${database}.${schema}`, `${database}.${schema}.${name}`].some((n) => only.includes(n));
  return tables.filter(isWanted);
}

/** RDS leaves out unlogged tables, a slash in a name, and columns with these characters, and calls it complete. */
async function tablesOf(client: pg.Client, database: string): Promise<readonly Table[]> {
  const text = `
    select n.nspname as schema, c.relname as name, c.relpersistence = 'u' as unlogged,
      exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        and a.attname ~ '[,;{}()\\n\\t= /]') as odd
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    order by 1, 2`;
  type Row = { schema: string; name: string; unlogged: boolean; odd: boolean };
  const { rows } = await client.query<Row>(text);
  return rows.map(({ schema, name, unlogged, odd }) => {
    const table = { database, schema, name };
    if (unlogged) return { ...table, skipped: 'unlogged' };
    if (`${schema}${name}`.includes('/')) return { ...table, skipped: 'slash in its name' };
    return odd ? { ...table, skipped: 'unsupported character in a column name' } : table;
  });
}

/** Rows as JSON, in parts; answers how many bytes. */
async function writeTable(
  { urlOf, signal }: ExportRequest,
  { database, schema, name }: Table,
  put: (part: string, body: Buffer) => Promise<void>,
): Promise<number> {
  return connected(urlOf(database), async (client) => {
    const from = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
    await client.query('begin transaction isolation level repeatable read read only');
    await client.query(`declare rows no scroll cursor for select to_jsonb(x_) ::text as line from ${from} x_`);
    let part = 0;
    let total = 0;
    let waiting: string[] = [];
    let size = 0;
    const flush = async (): Promise<void> => {
      const body = Buffer.from(waiting.join(''));
      await put(String(part).padStart(5, '0'), body);
      part += 1;
      total += body.length;
      waiting = [];
      size = 0;
    };
    for (;;) {
      signal.throwIfAborted();
      const { rows } = await client.query<{ line: string }>(`fetch ${ROWS_AT_ONCE} from rows`);
      for (const { line } of rows) {
        waiting.push(`${line}\n`);
        size += line.length;
      }
      if (size >= PART_BYTES) await flush();
      if (rows.length < ROWS_AT_ONCE) break;
    }
    // An empty table has a part too: it was exported.
    if (waiting.length > 0 || part === 0) await flush();
    await client.query('commit');
    return total;
  });
}
