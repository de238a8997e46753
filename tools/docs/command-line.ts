import { readdirSync } from 'node:fs';
import { Command } from 'commander';

const STARTERS = new URL('../../src/starters/', import.meta.url);
const WIDTH = 100;

/** docs/reference/command-line.generated.md: the help of every command, as the program prints it. */
export async function commandLinePage(): Promise<string> {
  const program = new Command('mainstay').configureOutput({ getOutHelpWidth: () => WIDTH });
  for (const command of await allCommands()) program.addCommand(command);
  const sections = leavesOf(program).map((command) => {
    command.configureOutput({ getOutHelpWidth: () => WIDTH });
    return `## \`${pathOf(command)}\`\n\n\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\`\n`;
  });
  return ['# Command line', '', 'What `mainstay COMMAND --help` prints.', '', ...sections].join('\n');
}

/** A starter exports its commands by functions named `...Command` or `...Commands`, so that a new one is found here. */
async function allCommands(): Promise<Command[]> {
  const files = readdirSync(STARTERS).filter((name) => name.endsWith('.ts') && name !== 'main.ts');
  const found: Command[] = [];
  for (const file of files.sort()) {
    const starter = (await import(new URL(file, STARTERS).href)) as Record<string, () => unknown>;
    for (const [name, make] of Object.entries(starter)) {
      if (/Commands?$/.test(name)) found.push(...[make()].flat().filter((made) => made instanceof Command));
    }
  }
  return found;
}

/** The commands that do something: a command with subcommands only leads to them. */
function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
