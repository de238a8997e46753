/** Which tool finds which fault: one copy for each fault, looked at by all of them. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreSuite as suite } from '../../src/restore-suite/index.ts';
import { ALL_FAULTS } from '../../test/restore-suite/faults/all.ts';
import {
  type Combination,
  copyAtRest,
  FAULT_CLASSES,
  type Fault,
  isAbout,
  isOnDisk,
} from '../../test/restore-suite/faults/fault.ts';
import { atMost } from '../../test/restore-suite/harness/at-most.ts';
import { makeRoom } from '../../test/restore-suite/harness/cluster.ts';
import {
  DATABASE,
  expectationsOf,
  findings,
  harmedCopy,
  type Lab,
  openLab,
  tryFaults,
  verifyOptions,
} from '../../test/restore-suite/harness/lab.ts';
import type { Programs } from '../../test/restore-suite/harness/programs.ts';
import { amcheckAlone, baseBackup, countsAlone, pgDump, runProgram, type Said, verifyBackup } from './tools.ts';

export const TOOLS = [
  'suite',
  'pg_dump',
  'pg_verifybackup, harmed later',
  'pg_verifybackup, harmed before',
  'amcheck',
  'row counts',
] as const;
export type Tool = (typeof TOOLS)[number];

export interface Found extends Combination {
  readonly fault: Fault;
  readonly said: Readonly<Record<Tool, Said>>;
  /** Why the suite may miss it. */
  readonly missed?: string;
}

/** Faults that share a source: with fewer tables in it each look takes less. */
const TOGETHER = 16;

export interface DetectionOptions {
  /** One fault of each class. */
  readonly isQuick: boolean;
  readonly onProgress: (text: string) => void;
}

/** Also answers what was wrong with copies that are well. */
export async function detect(
  programs: Programs,
  checksums: boolean,
  { isQuick, onProgress }: DetectionOptions,
): Promise<{ readonly found: readonly Found[]; readonly falseFails: readonly string[] }> {
  const here = ALL_FAULTS.filter((fault) => isAbout(fault, programs.major));
  const wished = isQuick ? FAULT_CLASSES.flatMap((group) => here.find((fault) => fault.class === group) ?? []) : here;
  const found: Found[] = [];
  const falseFails: string[] = [];
  for (let at = 0; at < wished.length; at += TOGETHER) {
    const faults = wished.slice(at, at + TOGETHER);
    onProgress(
      `Postgres ${programs.major}, checksums ${checksums ? 'on' : 'off'}: ${at + faults.length} of ${wished.length} faults`,
    );
    const lab = await openLab(suite, programs, checksums, faults);
    const room = await makeRoom();
    try {
      const { report } = await tryFaults(suite, lab, []);
      if (report.verdict !== 'PASS') falseFails.push(...report.reasons.slice(0, 5));
      const healthy = await healthyBackup(lab, join(room, 'healthy'));
      falseFails.push(...(await othersOnHealthy(lab, healthy)));
      const inTurn = atMost(2);
      const looks = faults.map((fault, number) => inTurn(() => lookAt(lab, fault, healthy, join(room, `${number}`))));
      found.push(...(await Promise.all(looks)));
    } finally {
      await rm(room, { recursive: true, force: true });
      await lab.close();
    }
  }
  return { found, falseFails };
}

/** A base backup of the source as it should be, stopped: damage is done to copies of it. */
async function healthyBackup(lab: Lab, folder: string): Promise<string | undefined> {
  const { cluster, server } = await harmedCopy(lab, [], 'silent');
  try {
    return (await baseBackup(lab.programs, server.url(DATABASE), folder)) ? folder : undefined;
  } finally {
    await cluster.remove();
  }
}

/** The others must be quiet where nothing is wrong, or their finds would mean nothing. */
async function othersOnHealthy(lab: Lab, healthy: string | undefined): Promise<readonly string[]> {
  const { cluster, server } = await harmedCopy(lab, [], 'silent');
  try {
    const url = server.url(DATABASE);
    const said: Readonly<Record<string, Said>> = {
      pg_dump: (await pgDump(lab.programs, url))?.said,
      'row counts': await countsAlone(url, lab.manifest),
      amcheck: await amcheckAlone(url, lab.major),
      pg_verifybackup: healthy === undefined ? undefined : (await verifyBackup(lab.programs, healthy)).said,
    };
    return Object.entries(said).flatMap(([tool, isBad]) => (isBad ? [`${tool} complains of a copy that is well`] : []));
  } finally {
    await cluster.remove();
  }
}

async function lookAt(lab: Lab, fault: Fault, healthy: string | undefined, room: string): Promise<Found> {
  const { programs, major, checksums } = lab;
  // Bytes that change below the server are seen by page checksums, where there are any.
  const mode = checksums ? 'noisy' : 'silent';
  const { cluster, server, database } = await harmedCopy(lab, [fault], mode);
  try {
    const url = server.url(database);
    const counts = await countsAlone(url, lab.manifest);
    const dump = await pgDump(programs, url);
    const before = await harmedBefore(programs, url, `${room}-before`);
    const later = isOnDisk(fault) ? await harmedLater(lab, fault, healthy, `${room}-later`) : undefined;
    await suite.prepareCopy({ url, verifierPassword: 'only-here' });
    for (const statement of fault.afterwards ?? []) await server.run(database, [statement]);
    const report = await suite.verifyDatabase(verifyOptions(lab, server.url(database, 'mainstay_verifier')));
    const isNamed = expectationsOf(fault, lab).every((one) => findings(report, fault, one, mode).length > 0);
    const amcheck = await amcheckAlone(url, major);
    const missed = fault.missed?.(lab);
    return {
      fault,
      major,
      checksums,
      said: {
        suite: isNamed,
        pg_dump: dump?.said,
        'pg_verifybackup, harmed later': later,
        'pg_verifybackup, harmed before': before,
        amcheck,
        'row counts': counts,
      },
      ...(missed ? { missed } : {}),
    };
  } finally {
    await cluster.remove();
  }
}

/** The backup was made of what was harmed already. */
async function harmedBefore(programs: Programs, url: string, folder: string): Promise<Said> {
  try {
    const isMade = await baseBackup(programs, url, folder);
    if (isMade === undefined) return undefined;
    return !isMade || (await verifyBackup(programs, folder)).said;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The backup was well, and its files were harmed where they are kept. */
async function harmedLater(lab: Lab, fault: Fault, healthy: string | undefined, folder: string): Promise<Said> {
  if (!healthy) return undefined;
  try {
    await copyFolder(healthy, folder);
    await fault.atRest?.(copyAtRest(folder, lab.facts, 'silent'));
    return (await verifyBackup(lab.programs, folder)).said;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  const { code } = await runProgram('cp', ['-a', from, to]);
  if (code !== 0) throw new Error(`${from}: expected a copy at ${to}, cp ended with ${code}`);
}
