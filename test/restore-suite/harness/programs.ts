/** Which Postgres servers the tests of the restore suite run on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serverAccount } from '../../../src/clients/postgres/account.ts';
import { findBinaries } from '../../../src/clients/postgres/binaries.ts';

export interface Programs {
  readonly major: number;
  /** Folder of initdb and postgres. */
  readonly bin: string;
}

/** Where Debian and its like put a server that is installed beside others. */
const installed = (major: number) =>
  process.env[`MAINSTAY_PG_BIN_${major}`] ?? join('/usr/lib/postgresql', String(major), 'bin');

/** The packaged 18, and 15 where the system has it. In CI a missing 15 is an error, never a skip. */
export async function findServers(): Promise<readonly Programs[]> {
  const packaged = { major: 18, bin: await findBinaries(await serverAccount('/none')) };
  const older = { major: 15, bin: installed(15) };
  if (existsSync(join(older.bin, 'postgres'))) return [packaged, older];
  if (process.env.CI) throw new Error(`Postgres 15 is required in CI: expected it in ${older.bin}`);
  return [packaged];
}

/** A program that only some versions have, such as pg_dump: its path, or undefined. */
export function findProgram({ bin }: Programs, name: string): string | undefined {
  const path = join(bin, name);
  return existsSync(path) ? path : undefined;
}
