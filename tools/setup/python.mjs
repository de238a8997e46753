// A Python interpreter that runs for this user.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const PLAIN = ['python3', '/usr/bin/python3', '/usr/local/bin/python3', 'python'];

/**
 * The first interpreter that runs and is new enough: a version manager's shim may belong to somebody else.
 * @param {number} minor of Python 3
 * @returns {Promise<string | undefined>}
 */
export async function findPython(minor) {
  const named = [14, 13, 12, 11, 10].filter((other) => other >= minor).map((other) => `python3.${other}`);
  for (const python of [...PLAIN, ...named]) {
    const code = `import sys; sys.exit(0 if sys.version_info >= (3, ${minor}) else 1)`;
    const runs = await exec(python, ['-c', code], { timeout: 20_000 }).then(
      () => true,
      () => false,
    );
    if (runs) return python;
  }
  return undefined;
}

/** The last line of what a program said, or undefined when it said nothing. */
export function lastLine(text) {
  return text?.trim().split('\n').at(-1) || undefined;
}
