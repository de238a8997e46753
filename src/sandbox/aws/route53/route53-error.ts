import type { Element } from './element.ts';

/** An answer that is no success, in the words of the service. */
export class Route53Error extends Error {
  readonly status: number;
  readonly code: string;
  /** Within the error, beside code and message. */
  readonly details: readonly Element[];

  constructor(status: number, code: string, message: string, details: readonly Element[] = []) {
    super(message);
    this.name = 'Route53Error';
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export function invalidInput(message: string): Route53Error {
  return new Route53Error(400, 'InvalidInput', message);
}

/** Every problem of a batch, as one list. */
export function invalidChangeBatch(messages: readonly string[]): Route53Error {
  return new Route53Error(400, 'InvalidChangeBatch', `[${messages.join(', ')}]`);
}
