/** Which thread makes which streams changes no figure. */
import { expect, it } from 'vitest';
import { MEASURES } from '../../../bench/judges/measures.ts';
import { simulateAll } from '../../../bench/judges/pool.ts';

it('finds the same in one thread, in two, and without any', async () => {
  const measure = MEASURES.find(({ name }) => name === 'preflight');
  const cells = [{ measure: 'preflight', cell: { key: '2/10/0', runs: 104 } }];
  const slots = async (threads: number) =>
    (await simulateAll(cells, 5, threads, () => undefined)).get('preflight')?.get('2/10/0')?.slot;
  const alone = measure?.simulate('2/10/0', 5, 0, 104).slot;
  expect(alone).toHaveLength(104);
  expect([...(alone ?? [])].filter((slot) => slot > 0).length).toBeGreaterThan(90);
  expect(await slots(1)).toEqual(alone);
  expect(await slots(2)).toEqual(alone);
});

it('says what went wrong in a thread', async () => {
  const cells = [{ measure: 'preflight', cell: { key: 'nowhere', runs: 1 } }];
  await expect(simulateAll(cells, 5, 1, () => undefined)).rejects.toThrow('no cell is named nowhere');
});
