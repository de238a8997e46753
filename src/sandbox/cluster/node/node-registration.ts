import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { hasCode, type KubeClient } from '../kube/kube-client.ts';
import { type KubeNode, RESOURCES, timestamp } from '../kube/objects.ts';

const ADDRESS = '127.0.0.1';

/** Labels of the sandbox node, also what a Pod's nodeSelector is held against. */
export function nodeLabels(nodeName: string): Record<string, string> {
  const architecture = arch() === 'x64' ? 'amd64' : arch();
  return {
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': platform(),
    'kubernetes.io/arch': architecture,
  };
}

/** Creates the Node when it is not there, and reports it ready (or not) with the port of its log server. */
export async function registerNode(
  client: KubeClient,
  nodeName: string,
  logPort: number,
  isReady: boolean,
): Promise<void> {
  const status = nodeStatus(nodeName, logPort, isReady, Date.now());
  const at = { resource: RESOURCES.nodes, name: nodeName };
  try {
    await client.mergePatch({ ...at, subresource: 'status' }, { status });
    return;
  } catch (error) {
    if (!hasCode(error, 404) || !isReady) throw error;
  }
  const node: KubeNode = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: nodeName, labels: nodeLabels(nodeName) },
    spec: { podCIDR: '10.244.0.0/16', podCIDRs: ['10.244.0.0/16'] },
  };
  try {
    await client.create({ resource: RESOURCES.nodes }, node);
  } catch (error) {
    if (!hasCode(error, 409)) throw error;
  }
  await client.mergePatch({ ...at, subresource: 'status' }, { status });
}

function nodeStatus(nodeName: string, logPort: number, isReady: boolean, nowMs: number): KubeNode['status'] {
  const now = timestamp(nowMs);
  const size = { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: '110' };
  return {
    capacity: size,
    allocatable: size,
    addresses: [
      { type: 'InternalIP', address: ADDRESS },
      { type: 'Hostname', address: nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: logPort } },
    conditions: [
      isReady
        ? ready('True', 'KubeletReady', 'node agent is posting ready status', now)
        : ready('False', 'KubeletNotReady', 'node agent is stopping', now),
    ],
    nodeInfo: {
      architecture: arch() === 'x64' ? 'amd64' : arch(),
      bootID: '',
      containerRuntimeVersion: 'sandbox://1.0',
      kernelVersion: release(),
      kubeProxyVersion: '',
      kubeletVersion: 'v1.33.0-sandbox',
      machineID: hostname(),
      operatingSystem: platform(),
      osImage: 'Mainstay sandbox',
      systemUUID: '',
    },
  };
}

function ready(status: string, reason: string, message: string, now: string) {
  return { type: 'Ready', status, reason, message, lastHeartbeatTime: now, lastTransitionTime: now };
}
