import { isAbsolute } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSettings, settingsPage } from '../../src/config/settings.ts';

describe('settings', () => {
  it('have defaults, which an empty variable does not change', () => {
    const defaults = readSettings({ XDG_STATE_HOME: '/state', DOCKER_CONFIG: '/docker' });
    expect(defaults).toEqual({
      settings: {
        cataloguePath: './mainstay.yaml',
        logLevel: 'warn',
        logFormat: 'auto',
        stateDir: '/state/mainstay',
        insecureRegistries: [],
        registryAuthFile: '/docker/config.json',
        ledger: 'on',
        databaseUrl: '',
        temporarySecret: '',
      },
    });
    const empty = { MAINSTAY_LOG_LEVEL: '', MAINSTAY_CONFIG: '', MAINSTAY_LOG_FORMAT: '', MAINSTAY_STATE_DIR: '' };
    expect(readSettings({ XDG_STATE_HOME: '/state', DOCKER_CONFIG: '/docker', ...empty })).toEqual(defaults);
  });

  it('are read from the environment', () => {
    const read = readSettings({
      MAINSTAY_LOG_LEVEL: 'DEBUG',
      MAINSTAY_CONFIG: '/etc/m.yaml',
      MAINSTAY_LOG_FORMAT: 'JSON',
      MAINSTAY_STATE_DIR: '/s',
      MAINSTAY_INSECURE_REGISTRIES: 'registry.example.com:5000, other.example.com',
      MAINSTAY_REGISTRY_AUTH_FILE: '/etc/auth.json',
      MAINSTAY_LEDGER: 'OFF',
      MAINSTAY_DATABASE_URL: 'k8s:mainstay/ledger/url',
    });
    expect(read).toEqual({
      settings: {
        cataloguePath: '/etc/m.yaml',
        logLevel: 'debug',
        logFormat: 'json',
        stateDir: '/s',
        insecureRegistries: ['registry.example.com:5000', 'other.example.com'],
        registryAuthFile: '/etc/auth.json',
        ledger: 'off',
        databaseUrl: 'k8s:mainstay/ledger/url',
        temporarySecret: '',
      },
    });
  });

  it('find the builds of a host in one folder, whatever the working directory', () => {
    const read = readSettings({ XDG_STATE_HOME: 'relative' });
    expect('settings' in read && isAbsolute(read.settings.stateDir)).toBe(true);
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

  it('never repeat a database URL that is wrong: it may hold a password', () => {
    const read = readSettings({ MAINSTAY_DATABASE_URL: 'postgress://u:hunter2@db.example.com/ledger' });
    expect(read).toHaveProperty('problems.0.path', 'MAINSTAY_DATABASE_URL');
    expect(JSON.stringify(read)).not.toContain('hunter2');
    expect(readSettings({ MAINSTAY_DATABASE_URL: 'postgresql://u:p@db.example.com/ledger' })).toHaveProperty(
      'settings',
    );
  });

  it('are on the page, each with its default', () => {
    expect(settingsPage()).toContain(
      '| `MAINSTAY_LOG_LEVEL` | How much is logged: trace, debug, info, warn, error. | `warn` |',
    );
  });
});
