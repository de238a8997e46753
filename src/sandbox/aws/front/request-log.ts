/** Which calls were made: what tests and the audit of least rights read. */

export interface LoggedRequest {
  readonly atMs: number;
  readonly service: string;
  readonly operation: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly userAgent: string;
  /** Identifier, bucket and key or path: what the call was about, for people. */
  readonly resource: string;
  /** Status answered; 0 when the connection was cut. */
  readonly status: number;
  /** Error code answered, where there was one. */
  readonly code?: string;
}

const KEPT = 20_000;

/** The newest requests, oldest first. */
export class AwsRequestLog {
  readonly #entries: LoggedRequest[] = [];

  add(entry: LoggedRequest): void {
    this.#entries.push(entry);
    if (this.#entries.length > KEPT) this.#entries.splice(0, this.#entries.length - KEPT);
  }

  /** Those of a service and an operation; all when absent. */
  list(which: { readonly service?: string; readonly operation?: string } = {}): readonly LoggedRequest[] {
    return this.#entries.filter(
      ({ service, operation }) =>
        (which.service === undefined || which.service === service) &&
        (which.operation === undefined || which.operation === operation),
    );
  }

  clear(): void {
    this.#entries.length = 0;
  }
}
