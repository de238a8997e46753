import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { isMissing } from '../../../harness/tools.ts';
import { call, kubectlFor, pod, startServer } from './support.ts';

const POLL = { timeout: 5_000, interval: 10 };
const PODS = '/api/v1/namespaces/default/pods';

/** A node agent's log endpoint and the Node object that points to it. */
async function startNode(url: string, listener: RequestListener): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  await call(url, 'POST', '/api/v1/nodes', { metadata: { name: 'node-1' } });
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  expect((await call(url, 'PATCH', '/api/v1/nodes/node-1/status', { status })).code).toBe(200);
}

describe('pod logs', () => {
  it('come from the node of the pod, with the options passed on', async () => {
    const { url } = await startServer();
    const asked: string[] = [];
    await startNode(url, (request, response) => {
      asked.push(request.url ?? '');
      response.end('line 1\nline 2\n');
    });
    await call(url, 'POST', PODS, pod('one', { nodeName: 'node-1' }));
    const answer = await call(url, 'GET', `${PODS}/one/log?tailLines=2&timestamps=true&foo=bar`);
    expect([answer.code, answer.body.text]).toEqual([200, 'line 1\nline 2\n']);
    expect(asked).toEqual(['/containerLogs/default/one/web?timestamps=true&tailLines=2']);
  });

  it.skipIf(isMissing('kubectl'))('are followed by kubectl until they end', async () => {
    const { url } = await startServer();
    let finish: () => void = () => undefined;
    await startNode(url, (_request, response) => {
      response.write('started\n');
      finish = () => response.end('stopped\n');
    });
    await call(url, 'POST', PODS, pod('one', { nodeName: 'node-1' }));
    const kubectl = kubectlFor(url);
    const following = kubectl.start('logs -f one');
    await vi.waitFor(() => expect(following.output()).toBe('started\n'), POLL);
    finish();
    await vi.waitFor(() => expect(following.output()).toBe('started\nstopped\n'), POLL);
  });

  it('say why there are none', async () => {
    const { url } = await startServer();
    await startNode(url, (_request, response) => {
      response.writeHead(400).end('container "web" in pod "one" is waiting to start: ImagePullBackOff');
    });
    await call(url, 'POST', PODS, pod('one', { nodeName: 'node-1' }));
    const waiting = await call(url, 'GET', `${PODS}/one/log`);
    expect(waiting).toMatchObject({ code: 400, body: { message: expect.stringContaining('ImagePullBackOff') } });
    expect((await call(url, 'GET', `${PODS}/one/log?container=other`)).body.message).toContain(
      'container other is not valid',
    );
    expect((await call(url, 'GET', `${PODS}/one/log?tailLines=x`)).code).toBe(400);
    expect((await call(url, 'GET', `${PODS}/absent/log`)).code).toBe(404);
    await call(url, 'POST', PODS, pod('unbound'));
    expect(await call(url, 'GET', `${PODS}/unbound/log`)).toMatchObject({ code: 200, body: { text: '' } });
    const two = [
      { name: 'a', image: 'a' },
      { name: 'b', image: 'b' },
    ];
    await call(url, 'POST', PODS, pod('two', { nodeName: 'node-1', containers: two }));
    expect((await call(url, 'GET', `${PODS}/two/log`)).body.message).toContain('choose one of: [a b]');
    await call(url, 'POST', PODS, pod('lost', { nodeName: 'node-9' }));
    expect((await call(url, 'GET', `${PODS}/lost/log`)).body.message).toContain('nodes "node-9" not found');
  });
});
