import { describe, expect, it } from 'vitest';
import { classifyPrometheusLoss, classifyPrometheusRefusal } from '../../src/errors/classify-prometheus.ts';

/** As Prometheus 2.42, Thanos, Mimir and proxies before them write them. */
const said = (errorType: string, error: string) => JSON.stringify({ status: 'error', errorType, error });

describe('a refusal of Prometheus', () => {
  it.each([
    { status: 400, body: said('bad_data', 'parse error: unexpected end of input'), trouble: 'bad query' },
    { status: 422, body: said('execution', 'many-to-many matching not allowed'), trouble: 'execution failed' },
    {
      status: 422,
      body: said('execution', 'query processing would load too many samples'),
      trouble: 'execution failed',
    },
    { status: 503, body: said('timeout', 'query timed out in query execution'), trouble: 'timed out' },
    { status: 503, body: said('canceled', 'context canceled'), trouble: 'cancelled' },
    { status: 503, body: said('unavailable', 'TSDB not ready'), trouble: 'unavailable' },
    { status: 500, body: said('internal', 'opening storage failed'), trouble: 'server error' },
    { status: 429, body: said('bad_data', 'too many outstanding requests'), trouble: 'throttled' },
    { status: 429, body: 'too many outstanding requests', trouble: 'throttled' },
    { status: 401, body: 'Unauthorized\n', trouble: 'not allowed' },
    { status: 401, body: 'no org id', trouble: 'not allowed' },
    { status: 403, body: '<html>forbidden</html>', trouble: 'not allowed' },
    { status: 404, body: '404 page not found', trouble: 'not found' },
    { status: 502, body: '<html><h1>502 Bad Gateway</h1></html>', trouble: 'unavailable' },
    { status: 503, body: '', trouble: 'unavailable' },
    { status: 504, body: 'upstream timed out', trouble: 'timed out' },
    { status: 302, body: '', trouble: 'no Prometheus reply' },
    { status: 405, body: 'method not allowed', trouble: 'no Prometheus reply' },
    { status: 400, body: 'client sent an HTTP request to an HTTPS server', trouble: 'no Prometheus reply' },
    { status: 400, body: said('something_new', 'who knows'), trouble: 'no Prometheus reply' },
  ])('$status $body is $trouble', ({ status, body, trouble }) => {
    const found = classifyPrometheusRefusal(status, body);
    expect(found.trouble).toBe(trouble);
    expect(found.text.startsWith(`${trouble}: ${status}`)).toBe(true);
  });
  it('is told in the words of the server, shortly, and no web page', () => {
    expect(classifyPrometheusRefusal(422, said('execution', 'many-to-many')).text).toBe(
      'execution failed: 422 many-to-many',
    );
    expect(classifyPrometheusRefusal(502, '<html><h1>502</h1></html>').text).toBe('unavailable: 502');
    expect(classifyPrometheusRefusal(500, said('internal', 'x'.repeat(5_000))).text.length).toBeLessThan(400);
  });
});

describe('a lost reply', () => {
  it.each([
    { kind: 'refused' as const, trouble: 'not reachable' },
    { kind: 'lost' as const, trouble: 'not reachable' },
    { kind: 'timeout' as const, trouble: 'timed out' },
    { kind: 'tooLarge' as const, trouble: 'reply too long' },
  ])('$kind is $trouble', ({ kind, trouble }) => {
    expect(classifyPrometheusLoss(kind, 'why')).toEqual({ trouble, text: `${trouble}: why` });
  });
});
