import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawTerminal, parseTerminal } from '../../tools/terminal-to-svg.ts';

const ESC = String.fromCharCode(27);
const PICTURES = new URL('../../docs/pictures/', import.meta.url);

describe('a captured terminal', () => {
  it('is read into runs of one style', () => {
    const [line] = parseTerminal(`plain ${ESC}[1m${ESC}[33mloud${ESC}[0m end`);
    expect(line).toEqual([
      { text: 'plain ', bold: false, dim: false, colour: undefined },
      { text: 'loud', bold: true, dim: false, colour: 3 },
      { text: ' end', bold: false, dim: false, colour: undefined },
    ]);
  });

  it('keeps the pen across lines and drops empty lines at the end', () => {
    const lines = parseTerminal(`${ESC}[2mone\ntwo${ESC}[22m\n\n \n`);
    expect(lines.map((runs) => runs.map(({ text, dim }) => `${text} ${dim}`))).toEqual([['one true'], ['two true']]);
  });

  it('passes over what moves the cursor and over backgrounds', () => {
    const [line] = parseTerminal(`${ESC}[2Ka${ESC}[49mb${ESC}(B\rc`);
    expect(line?.map(({ text }) => text).join('')).toBe('abc');
  });

  it('is drawn with every character that means something in XML escaped', () => {
    const svg = drawTerminal([`a < b & "c"`], { title: '<t>', columns: 20 });
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
    expect(svg).toContain('<title>&lt;t&gt;</title>');
  });

  it('places each run at its own column', () => {
    const svg = drawTerminal([`ab${ESC}[31mcd`], { title: 't', columns: 20 });
    expect(svg).toMatch(/x="32\.86"[^>]*class="c1">cd</);
  });
});

describe('the pictures of the documentation', () => {
  it.each([
    { name: 'canary', captures: ['canary-watching', 'canary-promoted'], title: 'A good version, step by step' },
    { name: 'rollback', captures: ['rollback'], title: 'A bad version is caught' },
  ])('$name is what its captures give', ({ name, captures, title }) => {
    const read = (file: string): string => readFileSync(new URL(file, PICTURES), 'utf8');
    const screens = captures.map((capture) => read(`captures/${capture}.txt`));
    expect(read(`${name}.svg`)).toBe(drawTerminal(screens, { title, columns: 100 }));
  });
});
