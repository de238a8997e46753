/** What the documents hold besides text: fenced blocks, commands, links. */

export interface Block {
  /** `sh`, `yaml`, ...; empty where the fence names none. */
  readonly language: string;
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

/** Fenced code blocks, also indented ones in lists. */
export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^\s*```(\w*)\s*$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (open) {
      blocks.push({ language: open.language, line: open.line, text: open.lines.join('\n') });
      open = undefined;
    } else open = { language: fence[1] ?? '', line: index + 1, lines: [] };
  }
  return blocks;
}

/** Commands of a shell block: continued lines joined, comments and assignments before the command left out. */
export function commandsOf(text: string): readonly string[] {
  const joined = text.replaceAll(/\\\n\s*/g, '');
  return joined.split('\n').flatMap((line) => {
    const bare = line.replace(/(^|\s)#.*$/, '').trim();
    // `eval "$(mainstay ...)"` runs what stands inside.
    const inner = /\$\((mainstay [^)]*)\)/.exec(bare)?.[1];
    const command = bare.replace(/^(\w+=\S* )+/, '').replace(/\s*[&|>].*$/, '');
    return [command, ...(inner === undefined ? [] : [inner])].filter((each) => each !== '');
  });
}

/** Words as a POSIX shell splits them, for quotes without expansions. */
export function wordsOf(command: string): readonly string[] {
  const words = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

/** Targets of links and pictures inside the project, without their anchors. */
export function linksOf(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(/```[^]*?```/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target.replace(/#.*$/, ''));
  return targets.filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}
