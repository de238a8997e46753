/** `mainstay worker`: polls both task queues until it is told to stop. */
import { Command, InvalidArgumentError } from 'commander';
import { isCoded } from '../errors/coded-error.ts';
import { CommandError } from './command-error.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openSession } from './session.ts';

interface WorkerOptions {
  readonly watchSlots?: number;
  readonly buildId?: string;
  readonly makeCurrent?: boolean;
}

export function workerCommand(): Command {
  return new Command('worker')
    .description('run a worker: it carries the deployments out')
    .option('--watch-slots <number>', 'deployments that may be watched at once (default 1000)', slotsArgument)
    .option(
      '--build-id <id>',
      'version of its code: running deployments stay with the build they began with',
      buildArgument,
    )
    .option('--make-current', 'have new operations go to this build, once the server knows it (with --build-id)')
    .addHelpText(
      'after',
      '\nIts catalogue: MAINSTAY_CONFIG, else ./mainstay.yaml. Ctrl-C hands its work over and ends it.',
    )
    .action(async (options: WorkerOptions) => {
      process.exitCode = await work(options);
    });
}

/** Runs until SIGINT or SIGTERM. Throws a CommandError when no server answers. */
async function work(options: WorkerOptions): Promise<number> {
  if (options.makeCurrent === true && options.buildId === undefined) {
    throw new CommandError('usage', '--make-current makes a build current: --build-id says which');
  }
  // Looked at first with a short patience: the native core would try for much longer, and say less.
  await (await openSession()).close();
  const { runWorker } = await import('../worker.ts');
  try {
    await runWorker(options);
  } catch (error) {
    if (!isCoded(error)) throw error;
    throw new CommandError(error.code === 'InvalidInput' ? 'badInput' : 'unavailable', error.message);
  }
  return EXIT_CODES.ok.code;
}

/** Becomes part of names on the server and of commands that people paste. */
function buildArgument(text: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,127}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected letters, digits, . _ and -, at most 128, such as v1.4.2 or a commit.');
}

function slotsArgument(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number, at least 1.');
}
