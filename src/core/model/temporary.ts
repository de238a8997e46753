/** Things that live for hours and must be gone afterwards (S6). */

/** Tags on every temporary instance and on the backups we make. Keys are a wire format. */
export const AWS_TAGS = {
  /** `mainstay` on whatever we make. */
  managedBy: 'mainstay:managed-by',
  /** Workflow id of the operation that made it. */
  operation: 'mainstay:operation',
  /** First run id of that workflow: tells two operations of one id apart. */
  run: 'mainstay:run',
  /** `temporary`: may be deleted at its expiry. `backup`: kept by the retention rules. */
  purpose: 'mainstay:purpose',
  /** ISO 8601: from then on anyone of ours deletes it. */
  expiresAt: 'mainstay:expires-at',
  /** Name in the catalogue, `<environment>/<database>`. */
  database: 'mainstay:database',
  /** `<bucket>/<key>` of the manifest. */
  manifest: 'mainstay:manifest',
  /** On a temporary instance: ARN of the snapshot it was restored from. */
  source: 'mainstay:source',
  /** ISO 8601: this backup passed a restore verification then. */
  verifiedAt: 'mainstay:verified-at',
} as const;

export type AwsTags = Readonly<Record<string, string>>;

/** One temporary RDS instance: everything a keeper needs to delete it and to prove that it is gone. */
export interface TemporaryInstance {
  readonly region: string;
  /** Derived from the workflow: at most 63 characters, begins with `mainstay-verify-`. */
  readonly identifier: string;
  readonly operation: string;
  readonly run: string;
  /** `<environment>/<database>` */
  readonly database: string;
  readonly expiresAtMs: number;
}
