import { describe, expect, it } from 'vitest';
import { readSettings, settingsPage } from '../../src/config/settings.ts';

describe('settings', () => {
  it('have defaults, which an empty variable does not change', () => {
    const defaults = readSettings({ XDG_STATE_HOME: '/state' });
    expect(defaults).toEqual({
      settings: { cataloguePath: './mainstay.yaml', logLevel: 'warn', stateDir: '/state/mainstay' },
    });
    expect(readSettings({ XDG_STATE_HOME: '/state', MAINSTAY_LOG_LEVEL: '', MAINSTAY_CONFIG: '' })).toEqual(defaults);
  });

  it('are read from the environment', () => {
    const read = readSettings({
      MAINSTAY_LOG_LEVEL: 'DEBUG',
      MAINSTAY_CONFIG: '/etc/m.yaml',
      MAINSTAY_STATE_DIR: '/s',
    });
    expect(read).toEqual({ settings: { cataloguePath: '/etc/m.yaml', logLevel: 'debug', stateDir: '/s' } });
  });

  it('are refused with the variable and what was expected', () => {
    expect(readSettings({ MAINSTAY_LOG_LEVEL: 'wran' })).toEqual({
      problems: [
        {
          path: 'MAINSTAY_LOG_LEVEL',
          expected: 'one of trace, debug, info, warn, error (did you mean warn?)',
          found: '"wran"',
        },
      ],
    });
  });

  it('are on the page, each with its default', () => {
    expect(settingsPage()).toContain(
      '| `MAINSTAY_LOG_LEVEL` | How much is logged: trace, debug, info, warn, error. | `warn` |',
    );
  });
});
