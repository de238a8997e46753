import { TEMPORARY_PREFIX } from '../../core/backup/names.ts';
import type { TemporaryInstance } from '../../core/model/temporary.ts';
import { CodedError } from '../../errors/coded-error.ts';

/** The last lock before production: whatever an input says, only such a name is ever made, changed or deleted. */
export function mustBeTemporary({ identifier }: Pick<TemporaryInstance, 'identifier'>): void {
  if (identifier.startsWith(TEMPORARY_PREFIX)) return;
  throw new CodedError(
    'InvalidInput',
    `instance ${identifier}: expected a temporary instance, ${TEMPORARY_PREFIX}..., found another name; not touched`,
  );
}
