/** `mainstay schedules apply | show`: makes the server's schedules equal the catalogue's, and tells what it did. */
import { Command } from 'commander';
import { createSchedule, deleteSchedule, readSchedules, updateSchedule } from '../clients/temporal/schedules.ts';
import { loadCatalogue } from '../config/load-catalogue.ts';
import { describeProblem } from '../core/model/problem.ts';
import { planScheduleChanges, type ScheduleChange } from '../core/schedules/plan-changes.ts';
import { DEFAULT_OWNER, resolveSchedules } from '../core/schedules/resolve-schedules.ts';
import type { SchedulePlan } from '../core/schedules/schedule-plan.ts';
import { timeInWords } from '../core/schedules/schedule-words.ts';
import { CommandError } from './command-error.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { call, openSession, type Session } from './session.ts';
import type { Output } from './view/screen.ts';

interface SchedulesOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const FILE = 'the catalogue (MAINSTAY_CONFIG, else ./mainstay.yaml)';

export function schedulesCommand(): Command {
  const command = new Command('schedules').description('what runs by itself, and when');
  command
    .command('apply')
    .description("make the server's schedules equal the catalogue's; others are never touched")
    .argument('[file]', FILE)
    .option('--dry-run', 'tell what would be done, change nothing')
    .option('--json', 'one JSON object a line')
    .action(async (file: string | undefined, options: SchedulesOptions) => {
      process.exitCode = await applySchedules(file, options, process.stdout);
    });
  command
    .command('show')
    .description('the schedules of the catalogue, and whether the server has them so')
    .argument('[file]', FILE)
    .option('--json', 'one JSON object a line')
    .action(async (file: string | undefined, options: SchedulesOptions) => {
      process.exitCode = await applySchedules(file, { ...options, dryRun: true }, process.stdout, true);
    });
  return command;
}

/** Exit code: 0; 65 or 66 for the catalogue; 14 when an id is taken by somebody else's schedule. */
export async function applySchedules(
  file: string | undefined,
  options: SchedulesOptions,
  output: Output,
  isShown = false,
): Promise<number> {
  const { wanted, owner } = await read(file);
  const session = await openSession();
  try {
    const observed = await call(session, () =>
      readSchedules(
        session.client,
        wanted.map(({ id }) => id),
      ),
    );
    const changes = planScheduleChanges(wanted, observed, owner);
    const plans = new Map(wanted.map((plan) => [plan.id, plan]));
    for (const change of changes) {
      if (options.dryRun !== true) await apply(session, change, owner);
      const plan = plans.get(change.id);
      if (options.json === true) {
        output.write(`${JSON.stringify({ ...change, ...(plan && { plan }), applied: options.dryRun !== true })}\n`);
      } else output.write(`${lineOf(change, plan, options.dryRun === true, isShown)}\n`);
    }
    if (changes.length === 0 && options.json !== true) output.write('The catalogue has no schedules.\n');
    return changes.some((change) => change.do === 'refuse') ? EXIT_CODES.busy.code : EXIT_CODES.ok.code;
  } finally {
    await session.close();
  }
}

async function read(file: string | undefined) {
  const load = await loadCatalogue({ path: file });
  if (load.outcome !== 'loaded') {
    const exit = load.outcome === 'absent' ? 'noFile' : 'badInput';
    throw new CommandError(exit, `no schedules from ${load.path}`, load.problems.map(describeProblem));
  }
  const { catalogue } = load;
  return { wanted: resolveSchedules(catalogue), owner: catalogue.schedules?.owner ?? DEFAULT_OWNER };
}

async function apply(session: Session, change: ScheduleChange, owner: string): Promise<void> {
  const { client } = session;
  switch (change.do) {
    case 'create':
      return call(session, () => createSchedule(client, change.plan, owner));
    case 'update':
      return call(session, () => updateSchedule(client, change.plan));
    case 'delete':
      return call(session, () => deleteSchedule(client, change.id));
    case 'keep':
    case 'refuse':
      return undefined;
  }
}

const DONE = { create: 'created', update: 'updated', delete: 'deleted', keep: 'kept', refuse: 'REFUSED' } as const;
const WOULD = {
  create: 'to be created',
  update: 'to be updated',
  delete: 'to be deleted',
  keep: 'as it is',
  refuse: 'REFUSED',
} as const;

/** `created  mainstay/backup/production/crm  0 2 * * * (Europe/Berlin)` */
function lineOf(change: ScheduleChange, plan: SchedulePlan | undefined, isDry: boolean, isShown: boolean): string {
  const verb = (isDry ? WOULD : DONE)[change.do].padEnd(isDry ? 14 : 8);
  const time = plan === undefined ? '' : `  ${timeInWords(plan)}`;
  const paused = plan?.paused === true ? ', paused' : '';
  return `${verb} ${change.id}${time}${paused}${isShown && plan ? `  starts ${plan.workflowType}` : ''}${moreOf(change)}`;
}

function moreOf(change: ScheduleChange): string {
  switch (change.do) {
    case 'update':
      return `  (${change.differs.join(', ')})`;
    case 'refuse':
      return `  (${change.reason})`;
    case 'keep':
      return change.note === undefined ? '' : `  (${change.note})`;
    case 'create':
    case 'delete':
      return '';
  }
}
