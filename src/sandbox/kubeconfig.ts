import { KubeConfig } from '@kubernetes/client-node';

/** Name of the context in the sandbox's kubeconfig. */
export const SANDBOX_CONTEXT = 'sandbox';
/** Namespace of the example company, the default of the context. */
export const SANDBOX_NAMESPACE = 'crm';

/**
 * The kubeconfig of a sandbox as JSON, which is YAML too. Plain http needs `insecure-skip-tls-verify`, or client-node
 * refuses every call.
 */
export function kubeconfigText(server: string, namespace = SANDBOX_NAMESPACE): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': SANDBOX_CONTEXT,
    clusters: [{ name: SANDBOX_CONTEXT, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: SANDBOX_CONTEXT, user: {} }],
    contexts: [{ name: SANDBOX_CONTEXT, context: { cluster: SANDBOX_CONTEXT, user: SANDBOX_CONTEXT, namespace } }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** The same, loaded. */
export function kubeConfigFor(server: string, namespace?: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(kubeconfigText(server, namespace));
  return config;
}
