/**
 * What the database is, written down just before its snapshot: counts, digests, fingerprint, a canary row.
 * - reply lost, worker dies, runs twice: another manifest is taken, and stands beside the first under its own digest; the
 *   one whose reference is returned counts. The canary table keeps one row more;
 * - someone else changed the object: its digest is part of its name and is checked when it is read;
 * - cancelled: the transaction in the source is cancelled; it held no lock that a writer waits for.
 */
import { Context } from '@temporalio/activity';
import { manifestKey, whyNotTaggable } from '../../core/backup/manifest-key.ts';
import { databasePath } from '../../core/backup/names.ts';
import type { DatabasePlan } from '../../core/model/database.ts';
import type { ClosedRange, Manifest } from '../../core/model/restore.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { createHash } from 'node:crypto';
import { withHeartbeats } from '../mutation.ts';
import { type DatabaseActivityDeps, sourceUrl } from './deps.ts';
import { storeJson } from './store-json.ts';
import type { TakeManifestInput, TakeManifestResult } from './types.ts';

const MOST_NOT_COVERED = 20;

export function createTakeManifest(deps: DatabaseActivityDeps) {
  return {
    async takeManifest({ plan, nominalAtMs, lockUntilMs }: TakeManifestInput): Promise<TakeManifestResult> {
      return withHeartbeats(async (tell) => {
        const signal = Context.current().cancellationSignal;
        const startedAtMs = Date.now();
        const { bucket, prefix } = plan.backup.manifests;
        const problem = whyNotTaggable(bucket, manifestKey(prefix, plan, nominalAtMs, '0'.repeat(64)));
        if (problem !== undefined) throw new CodedError('InvalidInput', `backup of ${databasePath(plan)}: ${problem}`);
        tell('connecting');
        const url = await sourceUrl(deps, plan, signal);
        const manifest = await deps.suite.takeManifest({
          url: url.href,
          closedRanges: closedRangesOf(plan),
          sampleAboveBytes: plan.verification.sampleAboveBytes,
          canary: true,
          connections: plan.verification.connections,
          signal,
          onProgress: ({ done, total, doing }) => tell(`${doing} (${done} of ${total})`),
        });
        tell('storing the manifest');
        const body = Buffer.from(JSON.stringify(manifest));
        const sha256 = createHash('sha256').update(body).digest('hex');
        const stored = await storeJson(deps.aws.objects(plan.region), {
          bucket,
          key: manifestKey(prefix, plan, nominalAtMs, sha256),
          body,
          ...(lockUntilMs !== undefined && { lockUntilMs }),
        });
        return { ...summaryOf(manifest), ...stored, tookMs: Date.now() - startedAtMs };
      });
    },
  };
}

/** `schema.table` of the catalogue; a name without a schema is in `public`. */
export function closedRangesOf({ verification }: DatabasePlan): readonly ClosedRange[] {
  return verification.closedRanges.map(({ table, where }) => {
    const dot = table.indexOf('.');
    const [schema, name] = dot < 0 ? ['public', table] : [table.slice(0, dot), table.slice(dot + 1)];
    return { schema, table: name, ...(where !== undefined && { where }) };
  });
}

function summaryOf(manifest: Manifest) {
  const { takenAtMs, tables, serverVersion, schemaHash, notCovered } = manifest;
  return {
    takenAtMs,
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    serverVersion,
    schemaHash,
    notCovered: notCovered.slice(0, MOST_NOT_COVERED),
  };
}
