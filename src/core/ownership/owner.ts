import type { OwnerSummary } from '../model/ownership.ts';

/** The part of an owner that others may see. */
export function nameOfOwner(owner: OwnerSummary): OwnerSummary {
  const { workflowId, purpose, requestedBy, sinceMs, term } = owner;
  return { workflowId, purpose, requestedBy, sinceMs, term };
}
