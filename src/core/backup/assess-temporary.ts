/** Is an instance one of our temporary ones, and is its time over? Only what says so in every way is ever deleted. */
import type { InstanceFacts } from '../model/backup.ts';
import { AWS_TAGS, type TemporaryInstance } from '../model/temporary.ts';
import { MANAGED_BY, PURPOSES, TEMPORARY_PREFIX } from './names.ts';

export type TemporaryAssessment =
  | { readonly kind: 'expired'; readonly temporary: TemporaryInstance; readonly reason: string }
  | { readonly kind: 'alive'; readonly temporary: TemporaryInstance; readonly reason: string }
  /** Looks like ours in some way and not in another: for a person, never touched. */
  | { readonly kind: 'suspicious'; readonly reason: string }
  | { readonly kind: 'notOurs' };

export function assessTemporary(
  instance: Pick<InstanceFacts, 'region' | 'identifier' | 'tags'>,
  nowMs: number,
): TemporaryAssessment {
  const { tags, identifier, region } = instance;
  const hasName = identifier.startsWith(TEMPORARY_PREFIX);
  const hasTags = tags[AWS_TAGS.managedBy] === MANAGED_BY && tags[AWS_TAGS.purpose] === PURPOSES.temporary;
  if (!hasName && !hasTags) return { kind: 'notOurs' };
  if (!hasName) return suspicious(`its tags say temporary, its name does not begin with ${TEMPORARY_PREFIX}`);
  if (!hasTags) {
    const found = `${tags[AWS_TAGS.managedBy] ?? 'none'} and ${tags[AWS_TAGS.purpose] ?? 'none'}`;
    return suspicious(
      `its name is like ours; tags ${AWS_TAGS.managedBy} and ${AWS_TAGS.purpose}: expected ${MANAGED_BY} and ${PURPOSES.temporary}, found ${found}`,
    );
  }
  const operation = tags[AWS_TAGS.operation];
  const run = tags[AWS_TAGS.run];
  const database = tags[AWS_TAGS.database];
  const until = tags[AWS_TAGS.expiresAt];
  const expiresAtMs = until === undefined ? Number.NaN : Date.parse(until);
  if (!operation || !run || !database) {
    return suspicious(`expected tags ${AWS_TAGS.operation}, ${AWS_TAGS.run} and ${AWS_TAGS.database}, found not all`);
  }
  if (Number.isNaN(expiresAtMs)) {
    return suspicious(`tag ${AWS_TAGS.expiresAt}: expected a time, found ${until ?? 'none'}`);
  }
  const temporary = { region, identifier, operation, run, database, expiresAtMs };
  if (expiresAtMs <= nowMs) return { kind: 'expired', temporary, reason: `its time was over at ${until}` };
  return { kind: 'alive', temporary, reason: `its time is over at ${until}` };
}

function suspicious(reason: string): TemporaryAssessment {
  return { kind: 'suspicious', reason };
}
