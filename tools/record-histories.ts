// Runs the real workflows against fakes on a dev server and keeps their histories, which the replay test then replays
// with the code of every later day. What is there is never overwritten.
//   npm run record:histories               records the cases of the current version that are missing
//   npm run record:histories -- --version v2   begins or completes the folder of another version
//   npm run record:histories -- promoted   only cases whose name contains that
// Before a first release a version is recorded anew by deleting its folder.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { loadTools } from './setup/tools.mjs';
import { BACKUP_CASES } from '../test/replay/recording/backup-cases.ts';
import { COPY_CASES } from '../test/replay/recording/copy-cases.ts';
import { DEPLOY_CASES } from '../test/replay/recording/deploy-cases.ts';
import { historyText } from '../test/replay/recording/history-text.ts';
import { OWNERSHIP_CASES } from '../test/replay/recording/ownership-cases.ts';
import type { Kept } from '../test/replay/recording/replay-case.ts';
import { openBackupLab } from '../test/harness/backup-lab.ts';
import { openCopyLab } from '../test/harness/copy-lab.ts';
import { openLab } from '../test/harness/workflow-lab.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CURRENT_VERSION = 'v1';
/** More would keep a small machine from answering in time. */
const AT_ONCE = 4;

Object.assign(process.env, loadTools());
const { values, positionals } = parseArgs({ options: { version: { type: 'string' } }, allowPositionals: true });
const folder = join(ROOT, 'test/replay/histories', values.version ?? CURRENT_VERSION);
const wanted = ({ name }: { readonly name: string }): boolean =>
  positionals.length === 0 || positionals.some((part) => name.includes(part));

await record(() => openLab('local'), [...DEPLOY_CASES, ...OWNERSHIP_CASES].filter(wanted));
await record(() => openBackupLab('local'), BACKUP_CASES.filter(wanted));
await record(() => openCopyLab('local'), COPY_CASES.filter(wanted));

interface Case<L> {
  readonly name: string;
  readonly run: (lab: L, name: string) => Promise<readonly Kept[]>;
}

async function record<L extends { close(): Promise<void> }>(
  open: () => Promise<L>,
  cases: readonly Case<L>[],
): Promise<void> {
  if (cases.length === 0) return;
  const lab = await open();
  try {
    const left = [...cases];
    await Promise.all(Array.from({ length: AT_ONCE }, () => recordAll(lab, left)));
  } finally {
    await lab.close();
  }
}

async function recordAll<L>(lab: L, open: Case<L>[]): Promise<void> {
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    try {
      for (const each of await next.run(lab, next.name)) await keep(each);
    } catch (error) {
      console.error(`record: ${next.name}: ${String(error)}`);
      process.exitCode = 1;
    }
  }
}

async function keep({ type, name, handle }: Kept): Promise<void> {
  const path = join(folder, type, `${name}.json`);
  const shown = relative(ROOT, path);
  if (existsSync(path)) {
    console.log(`record: ${shown} is there, kept as it is`);
    return;
  }
  const history = await handle.fetchHistory();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, historyText(historyToJSON(history)), { flag: 'wx' });
  console.log(`record: wrote ${shown}, ${history.events?.length} events`);
}
