import { describe, expect, it } from 'vitest';
import { readSettings, settingsPage } from '../../src/config/settings.ts';

describe('settings', () => {
  it('have defaults, which an empty variable does not change', () => {
    const defaults = readSettings({});
    expect(defaults).toEqual({
      settings: {
        cataloguePath: './mainstay.yaml',
        taskQueue: 'mainstay',
        watchTaskQueue: 'mainstay-watch',
        watchSlots: 1000,
        logLevel: 'info',
        shutdownGraceMs: 3000,
        stickyTimeoutMs: 2000,
        connectTimeoutMs: 5000,
        stateDir: '.mainstay',
      },
    });
    expect(readSettings({ MAINSTAY_LOG_LEVEL: '', MAINSTAY_WATCH_SLOTS: '' })).toEqual(defaults);
  });

  it('are read from the environment', () => {
    const read = readSettings({
      MAINSTAY_LOG_LEVEL: 'debug',
      MAINSTAY_SHUTDOWN_GRACE: '1m',
      MAINSTAY_WATCH_SLOTS: '20',
    });
    expect(read).toMatchObject({ settings: { logLevel: 'debug', shutdownGraceMs: 60_000, watchSlots: 20 } });
  });

  it('are refused with all problems at once, each with its variable', () => {
    const read = readSettings({
      MAINSTAY_LOG_LEVEL: 'verbose',
      MAINSTAY_SHUTDOWN_GRACE: '3',
      MAINSTAY_WATCH_SLOTS: '0',
      MAINSTAY_TASK_QUEUE: 'a b',
    });
    expect('problems' in read && read.problems.map(({ path, found }) => `${path} ${found}`)).toEqual([
      'MAINSTAY_TASK_QUEUE "a b"',
      'MAINSTAY_WATCH_SLOTS "0"',
      'MAINSTAY_LOG_LEVEL "verbose"',
      'MAINSTAY_SHUTDOWN_GRACE "3"',
    ]);
  });

  it('are on the page, each with its default', () => {
    expect(settingsPage()).toContain(
      '| `MAINSTAY_LOG_LEVEL` | One of trace, debug, info, warn, error, fatal. | `info` |',
    );
  });
});
