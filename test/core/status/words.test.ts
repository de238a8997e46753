import { describe, expect, it } from 'vitest';
import { momentInWords, paragraph, sentence, spanInWords } from '../../../src/core/status/words.ts';

describe('spanInWords', () => {
  it.each([
    { ms: -5_000, words: '0 s' },
    { ms: 0, words: '0 s' },
    { ms: 499, words: '0 s' },
    { ms: 59_999, words: '1 min' },
    { ms: 200_000, words: '3 min 20 s' },
    { ms: 3_605_000, words: '1 h' },
    { ms: 86_400_000, words: '1 d' },
    { ms: 90_061_000, words: '1 d 1 h' },
  ])('tells $ms ms as $words', ({ ms, words }) => {
    expect(spanInWords(ms)).toBe(words);
  });
});

describe('momentInWords', () => {
  it.each([
    { atMs: 0, words: '1970-01-01T00:00:00Z' },
    { atMs: 1_790_000_000_499, words: '2026-09-21T14:13:20Z' },
  ])('tells $atMs as $words', ({ atMs, words }) => {
    expect(momentInWords(atMs)).toBe(words);
  });
});

describe('sentence', () => {
  it.each([
    { text: 'error ratio 3 %', is: 'Error ratio 3 %.' },
    { text: 'crm-api is away', is: 'crm-api is away.' },
    { text: 'deploy/production/x owns it!', is: 'deploy/production/x owns it!' },
    { text: '', is: '' },
  ])('tells "$text" as "$is"', ({ text, is }) => {
    expect(sentence(text)).toBe(is);
  });
});

describe('paragraph', () => {
  it('closes each sentence once and leaves out empty ones', () => {
    expect(paragraph('a', undefined, 'b.', '  ', 'c\nd')).toBe('a. b. C d.');
  });
});
