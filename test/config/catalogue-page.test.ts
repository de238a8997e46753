import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ADDRESS_FIELDS } from '../../src/config/catalogue-variables.ts';
import { parseCatalogue } from '../../src/config/load-catalogue.ts';

const page = await readFile(new URL('../../docs/catalogue.md', import.meta.url), 'utf8');

describe('docs/catalogue.md', () => {
  it('shows a catalogue that is good', () => {
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    expect(parseCatalogue(example, '/srv/mainstay.yaml')).toMatchObject({ outcome: 'loaded', unset: [] });
  });

  it('names the fields in which variables are replaced', () => {
    const named = [...page.matchAll(/^- `((?:environments|services)\.[^`]+)`$/gm)].map(([, field]) => field);
    expect(named).toEqual([...ADDRESS_FIELDS]);
  });
});
