import { findPgTools, type PgToolsPlaces } from '../../clients/pg-tools/find-pg-tools.ts';
import { runDump } from '../../clients/pg-tools/run-dump.ts';
import { type DumpSnapshot, withDumpSnapshot } from '../../clients/pg-tools/source-relations.ts';
import type { AwsClients } from '../../clients/aws/port.ts';
import type { KubernetesClients } from '../../clients/kubernetes/port.ts';
import { backupTags } from '../../core/backup/names.ts';
import { choosePgTools, majorOf } from '../../core/dumps/choose-pg-tools.ts';
import { DUMP_PARTS, dumpFolder } from '../../core/dumps/dump-place.ts';
import type { ObjectReference } from '../../core/model/backup.ts';
import type { DatabasePlan, DumpPlan } from '../../core/model/database.ts';
import type { DumpManifest } from '../../core/model/dump.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { sourceUrl } from '../database/deps.ts';
import { readJson, storeStream, writeJson } from './store-stream.ts';
import { type Transfer, withTransfer } from './transfer.ts';
import type { TakeDumpInput, TakeDumpResult } from './types.ts';

export interface DumpDeps {
  readonly aws: AwsClients;
  readonly kubernetes: KubernetesClients;
  /** Where pg_dump is looked for; the machine's own places when left out. */
  readonly pgTools?: PgToolsPlaces;
}

const LOCK_WAIT_MS = 60_000;

export function createTakeDump(deps: DumpDeps) {
  return {
    /**
     * pg_dump in custom format, streamed to S3 without a file between. The folder follows from the workflow: a whole dump
     * that stands there is adopted, anything else is made anew. The manifest is written last. Throws what is transient;
     * what another attempt would not change is an outcome.
     */
    async takeDump(input: TakeDumpInput): Promise<TakeDumpResult> {
      const dump = mustHave(input.plan);
      return withTransfer(dump.deadlineMs, async (transfer) => {
        const found = await adopted(deps, input, dump, transfer.signal);
        if (found !== undefined) return found;
        try {
          return await dumpAnew(deps, input, dump, transfer);
        } catch (error) {
          transfer.signal.throwIfAborted();
          if (!isCoded(error) || !isFinal(error)) throw error;
          return { outcome: 'couldNotDump', reasonCode: isDamage(error) ? 'damage' : 'refused', reason: error.message };
        }
      });
    },
  };
}

/** A dump whose manifest and archive are there. */
async function adopted(
  { aws }: DumpDeps,
  { plan, mark, nominalAtMs }: TakeDumpInput,
  { bucket, prefix }: DumpPlan,
  signal: AbortSignal,
): Promise<TakeDumpResult | undefined> {
  const store = aws.objects(plan.region);
  const folder = dumpFolder(prefix, plan, nominalAtMs, mark);
  const place = { bucket, key: `${folder}${DUMP_PARTS.manifest}` };
  const manifest = await readJson<DumpManifest>(store, place, signal);
  if (manifest?.format !== 1) return undefined;
  const [archive, beside] = await Promise.all([store.head(manifest.archive, signal), store.head(place, signal)]);
  if (archive?.bytes !== manifest.archive.bytes || beside === undefined) return undefined;
  const reference = { region: store.region, ...place, bytes: beside.bytes, sha256: beside.sha256 ?? '' };
  return { outcome: 'dumped', dump: factsOf(folder, manifest, reference), adopted: true, notes: [] };
}

async function dumpAnew(
  deps: DumpDeps,
  { plan, mark, nominalAtMs }: TakeDumpInput,
  { bucket, prefix, kmsKeyId }: DumpPlan,
  { signal, tell }: Transfer,
): Promise<TakeDumpResult> {
  const store = deps.aws.objects(plan.region);
  const folder = dumpFolder(prefix, plan, nominalAtMs, mark);
  const encryption = kmsKeyId === undefined ? {} : { kmsKeyId };
  const { href: url } = await sourceUrl(deps, plan, signal);
  const applicationName = `mainstay dump ${plan.database}`;
  const startedAtMs = Date.now();

  return withDumpSnapshot(url, applicationName, signal, async (snapshot): Promise<TakeDumpResult> => {
    const choice = choosePgTools(majorOf(snapshot.serverVersion), await findPgTools(deps.pgTools));
    if (choice.outcome === 'none') return { outcome: 'couldNotDump', reasonCode: 'noProgram', reason: choice.reason };
    const { tools, note } = choice;
    const run = { folder: tools.folder, url, applicationName, snapshot: snapshot.id, lockWaitMs: LOCK_WAIT_MS, signal };
    const archive = await storeStream(() => runDump(run), {
      store,
      bucket,
      key: `${folder}${DUMP_PARTS.archive}`,
      contentType: 'application/octet-stream',
      encryption,
      tags: backupTags(plan, mark),
      signal,
      tell: (bytes) => tell(`dumping ${plan.databaseName} (${snapshot.databaseBytes} bytes in the server)`, bytes),
    });
    const manifest = manifestOf({ plan, mark }, snapshot, archive, { version: tools.version, startedAtMs });
    const place = { bucket, key: `${folder}${DUMP_PARTS.manifest}`, encryption };
    const reference = await writeJson(store, place, manifest, signal);
    return {
      outcome: 'dumped',
      dump: factsOf(folder, manifest, reference),
      adopted: false,
      notes: note === undefined ? [] : [note],
    };
  });
}

function manifestOf(
  { plan, mark }: Pick<TakeDumpInput, 'plan' | 'mark'>,
  { serverVersion, relations }: DumpSnapshot,
  archive: ObjectReference,
  { version, startedAtMs }: { readonly version: string; readonly startedAtMs: number },
): DumpManifest {
  const { database, environment, databaseName } = plan;
  return {
    format: 1,
    database,
    environment,
    databaseName,
    mark,
    archive,
    serverVersion,
    pgDumpVersion: version,
    startedAtMs,
    endedAtMs: Date.now(),
    relations,
  };
}

function factsOf(folder: string, manifest: DumpManifest, reference: ObjectReference) {
  const { archive, serverVersion, pgDumpVersion, relations, startedAtMs, endedAtMs } = manifest;
  return {
    folder,
    archive,
    manifest: reference,
    serverVersion,
    pgDumpVersion,
    relations: relations.length,
    takenAtMs: startedAtMs,
    tookMs: endedAtMs - startedAtMs,
  };
}

export function mustHave(plan: DatabasePlan): DumpPlan {
  if (plan.dump) return plan.dump;
  throw new CodedError(
    'InvalidInput',
    `database ${plan.database} in ${plan.environment}: expected dump: in the catalogue, found none`,
  );
}

/** What another attempt would not change, and no fault of ours. */
function isFinal(error: CodedError): boolean {
  return ['Forbidden', 'PreconditionFailed', 'NotFound'].includes(error.code);
}

function isDamage({ details }: CodedError): boolean {
  return typeof details === 'object' && details !== null && 'damage' in details && details.damage === true;
}
