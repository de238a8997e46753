/** Every example in the documents is one that the program would accept. Nothing is run. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseDeployInput } from '../../src/contracts/deploy-input.ts';
import { MESSAGE_NAMES } from '../../src/core/messages/message-inputs.ts';
import { parseMessage } from '../../src/core/messages/parse-message.ts';
import { MESSAGES, TASK_QUEUES, WORKFLOWS } from '../../src/core/model/names.ts';
import { REASON_CODES } from '../../src/core/model/operation.ts';
import { copyCommands } from '../../src/starters/copies.ts';
import { clusterBackupCommand } from '../../src/starters/cluster-backup.ts';
import { backupCommand } from '../../src/starters/backup.ts';
import { verifyRestoreCommand } from '../../src/starters/verify-restore.ts';
import { catalogueCommand } from '../../src/starters/catalogue.ts';
import { demoCommand } from '../../src/starters/demo.ts';
import { deployCommand } from '../../src/starters/deploy.ts';
import { listCommand } from '../../src/starters/list.ts';
import { manifestCommand } from '../../src/starters/manifest.ts';
import { messageCommands } from '../../src/starters/messages.ts';
import { reportCommand } from '../../src/starters/report.ts';
import { sandboxCommand } from '../../src/starters/sandbox.ts';
import { schedulesCommand } from '../../src/starters/schedules.ts';
import { statusCommand } from '../../src/starters/status.ts';
import { doctorCommand } from '../../src/starters/doctor.ts';
import { trafficCommand } from '../../src/starters/traffic.ts';
import { verifyCommand } from '../../src/starters/verify.ts';
import { workerCommand } from '../../src/starters/worker.ts';
import { type Block, blocksOf, commandsOf, linksOf, wordsOf } from './markdown.ts';
import { readProject } from './project-files.ts';

const ROOT = new URL('../../', import.meta.url);
const PAGES = [...readProject((path) => path.endsWith('.md') && !/\.generated\.|\.golden\./.test(path))];
const DOCUMENTS = PAGES.filter(([path]) => !path.startsWith('test/'));
const BLOCKS = DOCUMENTS.flatMap(([path, text]) => blocksOf(text).map((block) => ({ ...block, path })));
const COMMANDS = BLOCKS.filter(({ language }) => language === 'sh').flatMap(({ path, line, text }) =>
  commandsOf(text).map((command) => ({ at: `${path}:${line}`, command })),
);
/** The same in running text: `mainstay ...` between backticks. */
const INLINE = DOCUMENTS.flatMap(([path, text]) =>
  [...text.replaceAll(/```[^]*?```/g, '').matchAll(/`(mainstay [a-z][^`]*)`/g)].map(([, command = '']) => ({
    at: path,
    command,
  })),
);

/** The real commands with actions that do nothing: parsing checks names, options, values and what is required. */
async function accept(words: readonly string[]): Promise<void> {
  const program = new Command('mainstay');
  const commands = [
    deployCommand(),
    statusCommand(),
    reportCommand(),
    ...messageCommands(),
    listCommand(),
    workerCommand(),
    doctorCommand(),
    trafficCommand(),
    manifestCommand(),
    verifyCommand(),
    ...copyCommands(),
    clusterBackupCommand(),
    backupCommand(),
    verifyRestoreCommand(),
    schedulesCommand(),
  ];
  for (const command of [...commands, catalogueCommand(), sandboxCommand(), demoCommand()]) program.addCommand(command);
  silence(program);
  await program.parseAsync([...words], { from: 'user' });
}

function silence(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const sub of command.commands) silence(sub);
}

function wordsAfter(command: string, name: string): readonly string[] | undefined {
  const words = wordsOf(command);
  return words[0] === name ? words.slice(1) : undefined;
}

function valueOf(words: readonly string[], option: string): string {
  return words[words.indexOf(option) + 1] ?? '';
}

const MAINSTAY = COMMANDS.filter(({ command }) => wordsAfter(command, 'mainstay') !== undefined);
const TEMPORAL = COMMANDS.filter(({ command }) => wordsAfter(command, 'temporal')?.[0] === 'workflow');

describe('commands in the documents', () => {
  it('are found', () => {
    expect(MAINSTAY.length).toBeGreaterThan(30);
    expect(TEMPORAL.length).toBeGreaterThanOrEqual(4);
    expect(INLINE.length).toBeGreaterThan(5);
  });

  it.each(MAINSTAY)('$command is accepted ($at)', async ({ command }) => {
    await accept(wordsAfter(command, 'mainstay') ?? []);
  });

  it.each(INLINE)('$command names what there is ($at)', async ({ command }) => {
    // In running text a command may be named without what it needs.
    const missing = [
      'commander.missingMandatoryOptionValue',
      'commander.missingArgument',
      'commander.optionMissingArgument',
      'commander.help',
    ];
    const words = (wordsAfter(command, 'mainstay') ?? []).filter((word) => !/^(\.\.\.|COMMAND|[A-Z]+)$/.test(word));
    const error = await accept(words).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof CommanderError && missing.includes(error.code)) return;
    expect(error).toBeUndefined();
  });

  it.each(TEMPORAL)('$command speaks to what there is ($at)', ({ command }) => {
    const words = wordsAfter(command, 'temporal') ?? [];
    const name = valueOf(words, '--name');
    switch (words[1]) {
      case 'start':
        expect(valueOf(words, '--type')).toBe(WORKFLOWS.deployService);
        expect(valueOf(words, '--task-queue')).toBe(TASK_QUEUES.main);
        expect(parseDeployInput(JSON.parse(valueOf(words, '--input')))).toHaveProperty('input');
        break;
      case 'update': {
        const message = MESSAGE_NAMES.find((known) => known === name);
        if (!message) throw new Error(`there is no message ${name}`);
        expect(parseMessage(message, JSON.parse(valueOf(words, '--input')))).toHaveProperty('message');
        break;
      }
      case 'query':
        expect(name).toBe(MESSAGES.status);
        break;
      default:
        expect(['terminate', 'cancel']).toContain(words[1]);
    }
  });

  it('would be refused if they were wrong', async () => {
    await expect(accept(['list', '--enviroment', 'demo'])).rejects.toThrow('--enviroment');
    await expect(accept(['sandbox', 'fault', 'add', 'disk'])).rejects.toThrow('disk');
  });
});

describe('blocks in the documents', () => {
  const parses: Readonly<Record<string, (block: Block) => unknown>> = {
    json: ({ text }) => JSON.parse(text),
    yaml: ({ text }) => parseAllDocuments(text).flatMap(({ errors }) => errors),
  };

  it.each(BLOCKS.filter(({ language }) => language in parses))('$language at $path:$line parses', (block) => {
    const found = parses[block.language]?.(block);
    if (block.language === 'yaml') expect(found).toEqual([]);
  });

  it('say their language, so that they can be checked', () => {
    expect(BLOCKS.filter(({ language }) => language === '').map(({ path, line }) => `${path}:${line}`)).toEqual([]);
  });
});

describe('links in the documents', () => {
  it.each(DOCUMENTS.filter(([, text]) => linksOf(text).length > 0))('of %s lead somewhere', (path, text) => {
    const dead = linksOf(text).filter((link) => !existsSync(fileURLToPath(new URL(link, new URL(path, ROOT)))));
    expect(dead).toEqual([]);
  });
});

describe('docs/deploying.md', () => {
  const page = readFileSync(new URL('docs/deploying.md', ROOT), 'utf8');

  it.each(REASON_CODES)('explains %s', (code) => {
    expect(page).toMatch(new RegExp(`^\\| \`${code}\` \\|.{20,}\\|$`, 'm'));
  });
});
