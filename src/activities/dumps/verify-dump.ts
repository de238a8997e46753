import { findPgTools } from '../../clients/pg-tools/find-pg-tools.ts';
import { readArchive } from '../../clients/pg-tools/read-archive.ts';
import { choosePgTools } from '../../core/dumps/choose-pg-tools.ts';
import { DUMP_PARTS } from '../../core/dumps/dump-place.ts';
import { missingFrom, parseListing } from '../../core/dumps/listing.ts';
import type { DumpManifest } from '../../core/model/dump.ts';
import { readJson, writeJson } from './store-stream.ts';
import { type DumpDeps, mustHave } from './take-dump.ts';
import { withTransfer } from './transfer.ts';
import type { VerifyDumpInput, VerifyDumpResult } from './types.ts';

/** More names than these help nobody. */
const MOST_NAMED = 10;

export function createVerifyDump(deps: DumpDeps) {
  return {
    /**
     * Reads the archive back from S3, once and without a file: its checksum, its listing against the relations of the
     * source's snapshot, and every block of it through pg_restore (into SQL that goes nowhere). What is proven so is
     * written beside the archive: retention never removes the last one that carries it. It restores nothing.
     */
    async verifyDump({ plan, dump }: VerifyDumpInput): Promise<VerifyDumpResult> {
      const { deadlineMs, kmsKeyId } = mustHave(plan);
      return withTransfer(deadlineMs, async ({ signal, tell }): Promise<VerifyDumpResult> => {
        const startedAtMs = Date.now();
        const store = deps.aws.objects(dump.archive.region);
        const manifest = await readJson<DumpManifest>(store, dump.manifest, signal);
        if (manifest === undefined) return failed(`manifest ${nameOf(dump.manifest)}: expected one, found none`);
        const major = Number.parseInt(dump.pgDumpVersion, 10);
        const choice = choosePgTools(major, await findPgTools(deps.pgTools));
        if (choice.outcome === 'none') {
          return { outcome: 'couldNotVerify', reason: `no pg_restore ${major} or newer here: ${choice.reason}` };
        }
        const pieces = await store.read(dump.archive, signal);
        try {
          const read = await readArchive(choice.tools.folder, pieces as AsyncIterable<Uint8Array>, {
            signal,
            tell: (bytes) => tell(`reading ${nameOf(dump.archive)} back`, bytes),
          });
          const verdict = judge(read, dump.archive, manifest);
          if (verdict.outcome !== 'verified') return verdict;
          const { bucket } = dump.archive;
          const mark = {
            format: 1,
            sha256: read.sha256,
            verifiedAtMs: Date.now(),
            entries: verdict.entries,
            pgRestoreVersion: choice.tools.version,
          };
          const place = { bucket, key: `${dump.folder}${DUMP_PARTS.verified}` };
          await writeJson(store, { ...place, encryption: kmsKeyId === undefined ? {} : { kmsKeyId } }, mark, signal);
          return { ...verdict, tookMs: Date.now() - startedAtMs };
        } finally {
          pieces.destroy();
        }
      });
    },
  };
}

function judge(
  read: Awaited<ReturnType<typeof readArchive>>,
  archive: VerifyDumpInput['dump']['archive'],
  { relations }: DumpManifest,
): Extract<VerifyDumpResult, { outcome: 'verified' }> | ReturnType<typeof failed> {
  const name = nameOf(archive);
  if (read.bytes !== archive.bytes || read.sha256 !== archive.sha256) {
    return failed(
      `${name}: expected ${archive.bytes} bytes with sha256 ${archive.sha256}, read ${read.bytes} with ${read.sha256}`,
    );
  }
  const entries = read.listing === undefined ? undefined : parseListing(read.listing);
  if (entries === undefined) return failed(`${name}: pg_restore cannot list it: ${read.says || 'no listing'}`);
  if (!read.isReadable) return failed(`${name}: pg_restore cannot read all of it: ${read.says}`);
  const missing = missingFrom(entries, relations);
  if (missing.length > 0) {
    const more = missing.length > MOST_NAMED ? ` and ${missing.length - MOST_NAMED} more` : '';
    return failed(`${name}: the archive lacks ${missing.slice(0, MOST_NAMED).join(', ')}${more}`);
  }
  const says = `${relations.length} relations of the source are listed, every block of ${read.bytes} bytes was read back`;
  return { outcome: 'verified', says, entries: entries.length, bytes: read.bytes, tookMs: 0 };
}

function failed(reason: string): { readonly outcome: 'failed'; readonly reason: string } {
  return { outcome: 'failed', reason };
}

function nameOf({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  return `s3://${bucket}/${key}`;
}
