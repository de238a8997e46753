/** The record of a service: minutes of its stable arm, kept from release to release. */
import { RECORD_AGE_MS, RECORD_BINS, type RecordBin, type RecordKey } from '../port.ts';
import type { Sql } from './sql.ts';

const MINUTE_MS = 60_000;

/** Bins of one minute are one row: the later one counts. Minutes from the future are not believed. */
export async function saveRecord(sql: Sql, key: RecordKey, bins: readonly RecordBin[], nowMs: number): Promise<void> {
  const rows = new Map<number, RecordBin>();
  for (const bin of bins) {
    const atMs = Math.floor(bin.atMs / MINUTE_MS) * MINUTE_MS;
    if (isUsable(bin) && atMs <= nowMs && atMs >= nowMs - RECORD_AGE_MS) rows.set(atMs, { ...bin, atMs });
  }
  const { environment, service, metric } = key;
  if (rows.size > 0) {
    await sql.query(
      `insert into mainstay.service_minute (environment, service, metric, minute, requests, errors)
       select $1, $2, $3, to_timestamp((b->>'atMs')::double precision / 1000.0), (b->>'n')::double precision,
         (b->>'e')::double precision from jsonb_array_elements($4::jsonb) as each(b)
       order by 4
       on conflict (environment, service, metric, minute) do update set requests = excluded.requests, errors = excluded.errors`,
      [environment, service, metric, JSON.stringify([...rows.values()])],
    );
  }
  await sql.query(
    `delete from mainstay.service_minute where environment = $1 and service = $2 and metric = $3 and minute < greatest(
       to_timestamp($4 / 1000.0),
       (select min(minute) from (select minute from mainstay.service_minute
         where environment = $1 and service = $2 and metric = $3 order by minute desc limit ${RECORD_BINS}) as newest))`,
    [environment, service, metric, nowMs - RECORD_AGE_MS],
  );
}

export async function loadRecord(sql: Sql, key: RecordKey, nowMs: number): Promise<readonly RecordBin[]> {
  const rows = await sql.query<{ at_ms: number; requests: number; errors: number }>(
    `select round(extract(epoch from minute) * 1000)::double precision as at_ms, requests, errors from mainstay.service_minute
     where environment = $1 and service = $2 and metric = $3 and minute >= to_timestamp($4 / 1000.0)
     order by minute desc limit ${RECORD_BINS}`,
    [key.environment, key.service, key.metric, nowMs - RECORD_AGE_MS],
  );
  return rows.map(({ at_ms: atMs, requests: n, errors: e }) => ({ atMs, n, e })).toReversed();
}

function isUsable({ atMs, n, e }: RecordBin): boolean {
  return Number.isFinite(atMs) && Number.isFinite(n) && Number.isFinite(e) && n >= 0 && e >= 0;
}
