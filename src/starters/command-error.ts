/** An error that a person can act on: what is wrong, and what to do about it. Anything else that is thrown is a bug. */
import type { ExitName } from './exit-codes.ts';

export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exit: ExitName;
  /** One line each: commands to paste or things to look at. */
  readonly advice: readonly string[];

  constructor(exit: ExitName, message: string, advice: readonly string[] = []) {
    super(message);
    this.exit = exit;
    this.advice = advice;
  }
}
