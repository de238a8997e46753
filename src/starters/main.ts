/** The `mainstay` command line: one command a file; errors a person can act on; documented exit codes. */
import { Command, CommanderError } from 'commander';
import { CommandError } from './command-error.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { styleFor } from './view/style.ts';

/** Commands are loaded when they are called: `--help` and a typing error answer at once. */
const COMMANDS: readonly { readonly names: readonly string[]; readonly load: () => Promise<readonly Command[]> }[] = [
  { names: ['deploy'], load: async () => [(await import('./deploy.ts')).deployCommand()] },
  { names: ['status'], load: async () => [(await import('./status.ts')).statusCommand()] },
  {
    names: ['approve', 'reject', 'pause', 'resume', 'skip-step', 'promote-now', 'abort', 'accept-unrestored'],
    load: async () => (await import('./messages.ts')).messageCommands(),
  },
  { names: ['backup'], load: async () => [(await import('./backup.ts')).backupCommand()] },
  { names: ['verify-restore'], load: async () => [(await import('./verify-restore.ts')).verifyRestoreCommand()] },
  { names: ['schedules'], load: async () => [(await import('./schedules.ts')).schedulesCommand()] },
  {
    names: ['dump', 'backup-cluster', 'backup-cache'],
    load: async () => (await import('./copies.ts')).copyCommands(),
  },
  {
    names: ['cluster-backup'],
    load: async () => [(await import('./cluster-backup.ts')).clusterBackupCommand()],
  },
  { names: ['list'], load: async () => [(await import('./list.ts')).listCommand()] },
  { names: ['report'], load: async () => [(await import('./report.ts')).reportCommand()] },
  { names: ['manifest'], load: async () => [(await import('./manifest.ts')).manifestCommand()] },
  { names: ['verify'], load: async () => [(await import('./verify.ts')).verifyCommand()] },
  { names: ['worker'], load: async () => [(await import('./worker.ts')).workerCommand()] },
  { names: ['traffic'], load: async () => [(await import('./traffic.ts')).trafficCommand()] },
  { names: ['doctor'], load: async () => [(await import('./doctor.ts')).doctorCommand()] },
  { names: ['catalogue'], load: async () => [(await import('./catalogue.ts')).catalogueCommand()] },
  { names: ['sandbox'], load: async () => [(await import('./sandbox.ts')).sandboxCommand()] },
  { names: ['demo'], load: async () => [(await import('./demo.ts')).demoCommand()] },
];

leaveWithTheReader();
process.exitCode = await main(process.argv.slice(2));

/** `mainstay ... | head`: nobody reads any more. What runs ends as by SIGTERM (a view is left, a demo cleans up). */
function leaveWithTheReader(): void {
  let isAlone = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (isAlone) return;
    isAlone = true;
    if (process.listenerCount('SIGTERM') > 0) process.kill(process.pid, 'SIGTERM');
    else process.exit(EXIT_CODES.ok.code);
  });
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const program = await programFor(args[0]);
    await program.parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? EXIT_CODES.ok.code);
  } catch (error) {
    return tellError(error);
  }
}

/** Only the named command is loaded; without a name all are, for the help. */
async function programFor(name: string | undefined): Promise<Command> {
  const program = new Command('mainstay')
    .description(
      'Durable production operations on Temporal: deploy with a canary that is judged, promote or roll back.',
    )
    .version(await ownVersion(), '--version')
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      [
        '',
        'Where Temporal is: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, ... or a profile of temporal.toml (TEMPORAL_PROFILE).',
        "The worker's catalogue: MAINSTAY_CONFIG, else ./mainstay.yaml.",
        'Exit codes: docs/reference/exit-codes.generated.md',
      ].join('\n'),
    );
  const wanted = COMMANDS.filter(({ names }) => name !== undefined && names.includes(name));
  for (const { load } of wanted.length > 0 ? wanted : COMMANDS) {
    for (const command of await load()) program.addCommand(command);
  }
  strict(program);
  return program;
}

/** Errors are thrown instead of ending the process, and shown with the help of the command they belong to. */
function strict(command: Command): void {
  command.exitOverride().showSuggestionAfterError().showHelpAfterError('(add --help for the options)');
  for (const sub of command.commands) strict(sub);
}

function tellError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code;
  const style = styleFor(process.stderr);
  if (error instanceof CommandError) {
    const lines = [`${style.red('error:')} ${error.message}`, ...error.advice.map((line) => `  ${line}`)];
    process.stderr.write(`${lines.join('\n')}\n`);
    return EXIT_CODES[error.exit].code;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${style.red('bug:')} ${text}\n`);
  return EXIT_CODES.bug.code;
}

async function ownVersion(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
