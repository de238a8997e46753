/** What an error of a reading statement says of the data that was read. */
import { type Finding, finding } from './finding.ts';

/** Classes and states in which the server did not come to the data: rights, time, connections, resources. */
const NOT_THE_DATA = /^(?:0A|08|25|28|3D|3F|40|42|53|55|57)/;
const WORDS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/^57014$/, 'the time for this check was over, or somebody cancelled it'],
  [/^42501$/, 'this role has no right to it'],
  [/^(?:08|57P)/, 'the connection was lost'],
];

/** `lost`: worth another attempt over another connection. */
export function isLostConnection(sqlState: string | undefined): boolean {
  // Node's names of socket errors begin with E (EPIPE has five letters, too), no state of the server does.
  return sqlState === undefined || !/^(?!E)[0-9A-Z]{5}$/.test(sqlState) || /^(?:08|57P)/.test(sqlState);
}

/**
 * FAIL for what only damaged data can cause (a page that is not valid, a file that is short, a text that is none), else
 * COULD-NOT-VERIFY. `assessSqlError('XX001', 'invalid page in block 7')` -> fail.
 */
export function assessSqlError(sqlState: string | undefined, message: string): Finding {
  const line = message.replaceAll(/\s+/g, ' ').trim();
  if (isLostConnection(sqlState) || sqlState === undefined)
    return finding('couldNotVerify', `the connection was lost: ${line}`);
  if (!NOT_THE_DATA.test(sqlState)) return finding('fail', `reading failed: ${line}`);
  const words = WORDS.find(([pattern]) => pattern.test(sqlState))?.[1];
  return finding('couldNotVerify', words === undefined ? line : `${words}: ${line}`);
}
