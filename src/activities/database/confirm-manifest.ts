/**
 * Looks at the database again after its snapshot, and closes in the manifest what did not change meanwhile.
 * - reply lost, worker dies, runs twice: another confirmed manifest stands beside the first under its own digest, and the
 *   tag names the last one; each of them is true;
 * - someone else changed the snapshot: one that is not of this operation is not touched;
 * - cancelled: the tag still names the manifest from before, which says less and nothing wrong.
 */
import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { whyNotOurs } from '../../core/backup/assess-adoption.ts';
import { manifestKey } from '../../core/backup/manifest-key.ts';
import { AWS_TAGS } from '../../core/model/temporary.ts';
import { parseManifest } from '../../contracts/manifest.ts';
import { describeProblem } from '../../core/model/problem.ts';
import type { Manifest } from '../../core/model/restore.ts';
import { confirmManifest } from '../../core/restore/confirm-manifest.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { withHeartbeats } from '../mutation.ts';
import { type DatabaseActivityDeps, sourceUrl } from './deps.ts';
import { storeJson } from './store-json.ts';
import { closedRangesOf } from './take-manifest.ts';
import type { ConfirmManifestInput, ConfirmManifestResult } from './types.ts';

function readManifest(bytes: Buffer, key: string): Manifest {
  const parsed = parseManifest(JSON.parse(bytes.toString('utf8')));
  if ('manifest' in parsed) return parsed.manifest;
  throw new CodedError('BadResponse', `manifest ${key}: ${parsed.problems.map(describeProblem).join('; ')}`);
}

export function createConfirmManifest(deps: DatabaseActivityDeps) {
  return {
    async confirmManifest(input: ConfirmManifestInput): Promise<ConfirmManifestResult> {
      return withHeartbeats(async (tell) => {
        const { plan, manifest: reference, snapshot, mark, nominalAtMs } = input;
        const signal = Context.current().cancellationSignal;
        tell('reading the manifest');
        const objects = deps.aws.objects(reference.region);
        const before = readManifest(await objects.get(reference, signal), reference.key);
        tell('connecting');
        const url = await sourceUrl(deps, plan, signal);
        const after = await deps.suite.takeManifest({
          url: url.href,
          closedRanges: closedRangesOf(plan),
          sampleAboveBytes: plan.verification.sampleAboveBytes,
          canary: false,
          connections: plan.verification.connections,
          signal,
          onProgress: ({ done, total, doing }) => tell(`${doing} (${done} of ${total})`),
        });
        const confirmed = confirmManifest(before, after);
        const { closed, open, whyNot } = confirmed;
        tell('storing the manifest');
        const body = Buffer.from(JSON.stringify(confirmed.manifest));
        const sha256 = createHash('sha256').update(body).digest('hex');
        const { bucket, prefix } = plan.backup.manifests;
        const key = manifestKey(prefix, plan, nominalAtMs, sha256);
        const stored = await storeJson(deps.aws.objects(plan.region), { bucket, key, body });
        const rds = deps.aws.rds(snapshot.region);
        const found = await rds.findSnapshot(snapshot.identifier, signal);
        const reason = found ? whyNotOurs(found.tags, mark) : 'it is not there any more';
        if (!found || reason !== undefined) {
          throw new CodedError(
            'PreconditionFailed',
            `snapshot ${snapshot.identifier}: expected ours, found: ${reason}`,
          );
        }
        await rds.addTags(found.arn, { [AWS_TAGS.manifest]: `${bucket}/${key}` }, signal);
        return { manifest: stored.manifest, closed, open, ...(whyNot === undefined ? {} : { whyNot }) };
      });
    },
  };
}
