import type { BeforeRecord } from '../model/operation.ts';

/**
 * True when the named Deployment no longer is what it was before the release: then it is made whole before traffic is
 * given back to it. Read after the objects were taken over, so that no late write can make it untrue.
 */
export function wasRolled(before: BeforeRecord, standing: BeforeRecord): boolean {
  return (
    before.deployment.templateDigest !== standing.deployment.templateDigest ||
    before.deployment.image !== standing.deployment.image ||
    before.first
  );
}
