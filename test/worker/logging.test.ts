import { describe, expect, it } from 'vitest';
import { createWorkerLog, type LogTarget } from '../../src/worker/logging.ts';

function page(isTTY: boolean): LogTarget & { text: string } {
  return {
    isTTY,
    text: '',
    write(text) {
      this.text += text;
    },
  };
}

describe('the log of the worker', () => {
  it.each([
    { logFormat: 'auto', isTTY: false, isJson: true },
    { logFormat: 'auto', isTTY: true, isJson: false },
    { logFormat: 'json', isTTY: true, isJson: true },
    { logFormat: 'text', isTTY: false, isJson: false },
  ] as const)('with $logFormat and a terminal: $isTTY is JSON: $isJson', ({ logFormat, isTTY, isJson }) => {
    const target = page(isTTY);
    createWorkerLog({ logLevel: 'warn', logFormat }, target).say('polling');
    expect(target.text.startsWith('{')).toBe(isJson);
    expect(target.text).toContain('polling');
    expect(target.text.endsWith('\n')).toBe(true);
  });

  it('writes one JSON object a line, with level, time and what the SDK knows', () => {
    const target = page(false);
    const { logger } = createWorkerLog({ logLevel: 'info', logFormat: 'json' }, target);
    logger.warn('a step failed for good', { workflowId: 'deploy/x', attempt: 3n, error: new Error('no\nroute') });
    const lines = target.text.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      msg: 'a step failed for good',
      workflowId: 'deploy/x',
      attempt: '3',
      err: { message: 'no\nroute' },
    });
  });

  it.each(['text', 'json'] as const)(
    'keeps to its level as %s, but not for what the worker says itself',
    (logFormat) => {
      const target = page(false);
      const { logger, say } = createWorkerLog({ logLevel: 'error', logFormat }, target);
      logger.info('chatter');
      logger.warn('chatter');
      expect(target.text).toBe('');
      say('polling');
      logger.error('disaster');
      expect(target.text).toContain('polling');
      expect(target.text).toContain('disaster');
    },
  );

  it.each(['text', 'json'] as const)('does not warn that the watching worker has no workflows, as %s', (logFormat) => {
    const target = page(false);
    const { logger } = createWorkerLog({ logLevel: 'info', logFormat }, target);
    logger.warn('No workflows registered, not polling for workflow tasks');
    expect(target.text).toBe('');
    logger.warn('No activities registered');
    expect(target.text).toContain('No activities');
  });
});
