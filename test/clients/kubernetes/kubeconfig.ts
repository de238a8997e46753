import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubernetesObject } from '../../../src/clients/kubernetes/port.ts';

export const deployment: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'crm-api', namespace: 'crm', resourceVersion: '7' },
  spec: { replicas: 3, futureField: { kept: true } },
};
export const address = { kind: 'Deployment', namespace: 'crm', name: 'crm-api' } as const;
/** A kubeconfig of one cluster and one user; answers its path. */
export async function writeKubeconfig(
  folder: string,
  url: string,
  user: object = {},
  insecure = true,
): Promise<string> {
  const path = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'here', cluster: { server: url, ...(insecure ? { 'insecure-skip-tls-verify': true } : {}) } }],
    users: [{ name: 'worker', user }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'worker', namespace: 'crm' } }],
    'current-context': 'here',
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}
