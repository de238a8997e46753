import { canonicalJson } from '../model/canonical-json.ts';
import type { DeployPlan } from '../model/plan.ts';
import { sha256 } from '../model/sha256.ts';

/** What an approval binds to: the whole plan and the image it will deploy. 64 hexadecimal characters; runs in workflows. */
export function planDigest(plan: DeployPlan, image: string): string {
  return sha256(canonicalJson({ plan, image }));
}
