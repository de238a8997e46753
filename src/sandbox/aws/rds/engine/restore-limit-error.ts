import { CodedError } from '../../../../errors/coded-error.ts';

export type RestoreLimit = 'noArchive' | 'beforeEarliest' | 'afterLatest';

/** A point in time that cannot be restored to. On RDS the first is PointInTimeRestoreNotEnabled, the others InvalidRestoreFault. */
export class RestoreLimitError extends CodedError {
  readonly limit: RestoreLimit;

  constructor(limit: RestoreLimit, message: string) {
    super('PreconditionFailed', message, { details: { limit } });
    this.limit = limit;
  }
}
