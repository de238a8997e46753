import { describe, expect, it } from 'vitest';
import { DIAL_ANNOTATION, podAddress } from '../../../src/clients/kubernetes/pod-address.ts';

const pod = (dial: string | undefined, podIP?: string) => ({
  metadata: {
    name: 'web-1',
    namespace: 'crm',
    ...(dial === undefined ? {} : { annotations: { [DIAL_ANNOTATION]: dial } }),
  },
  status: podIP === undefined ? {} : { podIP },
});

describe('podAddress', () => {
  it.each([
    {
      when: 'the annotation names the port',
      dial: '{"8080":"127.0.0.1:41233"}',
      address: { host: '127.0.0.1', port: 41233 },
    },
    { when: 'the address is of IPv6', dial: '{"8080":"[::1]:41233"}', address: { host: '::1', port: 41233 } },
    {
      when: 'the annotation names another port',
      dial: '{"9090":"127.0.0.1:1"}',
      address: { host: '10.244.0.7', port: 8080 },
    },
    { when: 'there is no annotation', dial: undefined, address: { host: '10.244.0.7', port: 8080 } },
  ])('is $address.host:$address.port when $when', ({ dial, address }) => {
    expect(podAddress(pod(dial, '10.244.0.7'), 8080)).toEqual(address);
  });

  it.each([
    { when: 'the Pod has no IP yet', dial: undefined, says: /^pod crm\/web-1: port 8080 has no address yet/ },
    { when: 'the annotation is no JSON', dial: '{', says: /must map ports to "host:port", found \{$/ },
    { when: 'the annotation is a list', dial: '[]', says: /must map ports/ },
    { when: 'the address has no port', dial: '{"8080":"127.0.0.1"}', says: /found "127.0.0.1"$/ },
    { when: 'the port is too high', dial: '{"8080":"127.0.0.1:70000"}', says: /must map ports/ },
    { when: 'the address is a number', dial: '{"8080":41233}', says: /found 41233$/ },
  ])('is refused when $when', ({ dial, says }) => {
    expect(() => podAddress(pod(dial), 8080)).toThrow(says);
  });
});
