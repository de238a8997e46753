import { describe, expect, it } from 'vitest';
import type { CatalogueLoad } from '../../src/core/model/catalogue-load.ts';
import { sayCatalogue } from '../../src/worker/say-catalogue.ts';

async function said(load: () => Promise<CatalogueLoad>): Promise<{ digest: string; text: string }> {
  const lines: string[] = [];
  const digest = await sayCatalogue(load, (line) => void lines.push(line));
  return { digest, text: lines.join('\n') };
}

describe('sayCatalogue', () => {
  it('names every problem of a broken catalogue and lets the worker start', async () => {
    const problems = ['a', 'b'].map((path) => ({ path, expected: 'a duration', found: '"soon"' }));
    const { digest, text } = await said(async () => ({ outcome: 'refused', path: '/etc/mainstay.yaml', problems }));
    expect(digest).toBe('');
    expect(text).toContain('/etc/mainstay.yaml is not usable');
    expect(text.match(/a duration/g)).toHaveLength(2);
  });

  it('lets the worker start when the file cannot be read at all', async () => {
    const { digest, text } = await said(() => Promise.reject(new Error('EIO: i/o error')));
    expect(digest).toBe('');
    expect(text).toContain('EIO');
  });
});
