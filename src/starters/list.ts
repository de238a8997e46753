/** `mainstay list`: the operations that run, or all of them. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { Command } from 'commander';
import { momentInWords, spanInWords } from '../core/status/words.ts';
import { environmentOption } from './common-options.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { listOperations, memoOf } from './operation/find-operation.ts';
import { openSession } from './session.ts';
import type { Output } from './view/screen.ts';

interface ListOptions {
  readonly environment?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

const MOST = 200;

export function listCommand(): Command {
  return new Command('list')
    .description('the operations that run')
    .addOption(environmentOption())
    .option('-a, --all', `those that have ended too (the newest ${MOST})`)
    .option('--json', 'one JSON object a line')
    .action(async (options: ListOptions) => {
      process.exitCode = await list(options, process.stdout);
    });
}

export async function list(options: ListOptions, output: Output): Promise<number> {
  const session = await openSession();
  try {
    const found = await listOperations(session, { ...(options.all === true ? {} : { isRunning: true }), limit: MOST });
    const wanted = found.filter((info) => isIn(info, options.environment));
    if (options.json === true) {
      for (const info of wanted) output.write(`${JSON.stringify(entryOf(info))}\n`);
      return EXIT_CODES.ok.code;
    }
    if (wanted.length === 0) {
      const where = options.environment === undefined ? '' : ` in ${options.environment}`;
      output.write(`No operation ${options.all === true ? 'is known' : 'runs'}${where}.\n`);
      if (options.all !== true) output.write('Those that have ended: mainstay list --all\n');
    }
    for (const info of wanted) output.write(`${lineOf(info)}\n`);
    return EXIT_CODES.ok.code;
  } finally {
    await session.close();
  }
}

function isIn(info: WorkflowExecutionInfo, environment: string | undefined): boolean {
  if (environment === undefined) return true;
  const memo = memoOf(info);
  return memo ? memo.environment === environment : info.workflowId.split('/')[1] === environment;
}

function entryOf(info: WorkflowExecutionInfo): Record<string, unknown> {
  const memo = memoOf(info);
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    operation: info.type,
    run: info.status.name,
    startedAt: momentInWords(info.startTime.getTime()),
    ...(info.closeTime ? { endedAt: momentInWords(info.closeTime.getTime()) } : {}),
    ...(memo ? { service: memo.service, environment: memo.environment, version: memo.version, what: memo.what } : {}),
  };
}

/** `deploy/production/crm-api/...-3f2a  running 3 min  Deploying ...` */
function lineOf(info: WorkflowExecutionInfo): string {
  const endMs = info.closeTime?.getTime() ?? Date.now();
  const state = info.status.name === 'RUNNING' ? 'running' : info.status.name.toLowerCase();
  const span = spanInWords(endMs - info.startTime.getTime());
  return `${info.workflowId}  ${state} ${span}  ${memoOf(info)?.what ?? info.type}`;
}
