import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const VARIABLE = 'MAINSTAY_MOTO';

/**
 * A Python interpreter that has moto's server: what the environment variable names (the set-up fills it in), else the
 * one behind `moto_server` on PATH.
 *
 * @throws Error that says how to get it
 */
export function findMoto(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const named = environment[VARIABLE];
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`${VARIABLE}=${named}: no such program, or it may not be run`);
  }
  const folders = (environment.PATH ?? '').split(delimiter).filter(Boolean);
  for (const folder of folders) {
    const python = interpreterOf(join(folder, 'moto_server'));
    if (python !== undefined) return python;
  }
  throw new Error(
    `no moto: run node tools/setup.mjs --for restore, or set ${VARIABLE} to a Python that has moto[server] 5.2 ` +
      `(python3 -m venv X && X/bin/pip install 'moto[server]==5.2.5', then ${VARIABLE}=X/bin/python)`,
  );
}

/** The Python that an installed script names in its first line; undefined for anything else, as a version manager's shim. */
function interpreterOf(script: string): string | undefined {
  if (!isExecutable(script)) return undefined;
  const start = Buffer.alloc(256);
  const handle = openSync(script, 'r');
  try {
    const length = readSync(handle, start, 0, start.length, 0);
    const path = /^#!(\/\S*python[\d.]*)[ \t]*\n/.exec(start.toString('latin1', 0, length))?.[1];
    return path !== undefined && isExecutable(path) ? path : undefined;
  } finally {
    closeSync(handle);
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
