import type { Difference } from './compare.ts';

/** A difference that is meant. One that is not in the table fails the suite, and so does one that occurs no more. */
export interface KnownDifference {
  readonly name: string;
  /** Why it is left as it is. */
  readonly reason: string;
  readonly covers: (difference: Omit<Difference, 'known'>) => boolean;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'a map that is replaced by strategic merge patch where there was none is lost',
    reason: 'looks like a mistake of the real server; kubectl sends no such patch, and losing labels helps nobody',
    covers: ({ operation, at }) => operation.startsWith('strategic patch: ') && at === 'body.metadata.labels',
  },
  {
    name: 'a custom resource of another version is warned of before it is refused',
    reason: 'the warning names `spec` as an unknown field of a version that is not served; the refusal is the same',
    covers: ({ operation, at }) => operation === 'other refused objects: route, other version' && at === 'warnings',
  },
  {
    name: 'a scale to the number that is there makes a new version',
    reason:
      'the real server notes the manager of the subresource; seen only by a PUT that builds on the version before',
    covers: ({ operation, request, at, codes }) =>
      /^seed \d+: \d+ replace$/.test(operation) &&
      /\/(deployments|replicasets)\//.test(request) &&
      at === 'code' &&
      codes.real === 409 &&
      codes.sandbox === 200,
  },
];
