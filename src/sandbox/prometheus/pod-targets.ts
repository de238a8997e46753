/** What Prometheus scrapes in the sandbox: the pods, where they can really be dialled. */
import { podAddress } from '../../clients/kubernetes/pod-address.ts';
import type { Pod } from '../cluster/kube/objects.ts';

/** One entry of Prometheus' HTTP service discovery. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The first container port of every running pod, with labels `namespace`, `pod` and those of the pod (`app`,
 * `mainstay_dev_track`). The annotations `prometheus.io/scrape: "false"` and `prometheus.io/path` are heeded.
 */
export function podTargets(pods: readonly Pod[]): readonly TargetGroup[] {
  return pods.flatMap((pod) => {
    const { metadata, spec, status } = pod;
    const port = spec?.containers[0]?.ports?.[0]?.containerPort;
    const annotations = metadata?.annotations ?? {};
    const isOver = metadata?.deletionTimestamp !== undefined;
    if (
      status?.phase !== 'Running' ||
      isOver ||
      port === undefined ||
      annotations['prometheus.io/scrape'] === 'false'
    ) {
      return [];
    }
    const { host, port: dialled } = podAddress(
      { metadata: { name: metadata?.name ?? '', namespace: metadata?.namespace ?? '', annotations }, status: {} },
      port,
    );
    const own: Record<string, string> = {};
    for (const [key, value] of Object.entries(metadata?.labels ?? {})) own[labelName(key)] = value;
    const path = annotations['prometheus.io/path'];
    return [
      {
        targets: [`${host}:${dialled}`],
        labels: {
          ...own,
          namespace: metadata?.namespace ?? '',
          pod: metadata?.name ?? '',
          ...(path === undefined ? {} : { __metrics_path__: path }),
        },
      },
    ];
  });
}

/** A Kubernetes label as Prometheus can hold it: `mainstay.dev/track` is `mainstay_dev_track`. */
function labelName(key: string): string {
  return key.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
}
