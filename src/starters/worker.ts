/** `mainstay worker`: polls both task queues until it is told to stop. */
import { Command, InvalidArgumentError } from 'commander';
import { isCoded } from '../errors/coded-error.ts';
import { CommandError } from './command-error.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openSession } from './session.ts';

interface WorkerOptions {
  readonly watchSlots?: number;
}

export function workerCommand(): Command {
  return new Command('worker')
    .description('run a worker: it carries the deployments out')
    .option('--watch-slots <number>', 'deployments that may be watched at once (default 1000)', slotsArgument)
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

function slotsArgument(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number, at least 1.');
}
